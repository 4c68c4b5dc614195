#include "core/base/file_hashes.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/temporary_directory.h"
#include "tests/support/child_process.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

// A cache of the test's own, and a file that was written an hour ago.
class Fixture {
 public:
  Fixture() {
    const char* former = std::getenv("XDG_CACHE_HOME");
    former_ = former != nullptr ? former : "";
    ::setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1);
    write("old content");
    age(std::chrono::hours(1));
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture() {
    if (former_.empty()) {
      ::unsetenv("XDG_CACHE_HOME");
    } else {
      ::setenv("XDG_CACHE_HOME", former_.c_str(), 1);
    }
  }

  fs::path file() const { return folder_.path() / "x.tsv"; }
  void write(const std::string& text) const { std::ofstream(file()) << text; }  // in place
  void age(std::chrono::seconds age) const {
    fs::last_write_time(file(), fs::file_time_type::clock::now() - age);
  }
  // Such that only reading the file could tell.
  void change_behind_the_back(const std::string& text) const {
    const auto time = fs::last_write_time(file());
    write(text);
    fs::last_write_time(file(), time);
  }
  // By a process that doesn't know it yet.
  std::string hash() const {
    return ChildProcess([&](const auto& say) { say(file_sha256(file())); }).output();
  }
  std::vector<fs::path> notes() const {
    std::vector<fs::path> all;
    std::error_code none;
    for (const auto& note : fs::directory_iterator(cache_directory() / "hashes", none))
      all.push_back(note.path());
    return all;
  }

 private:
  TemporaryDirectory folder_;
  std::string former_;
};

TEST_CASE("a second process doesn't read a file again", "[core][base][file_hashes]") {
  const Fixture fixture;
  CHECK(fixture.hash() == sha256("old content"));
  fixture.change_behind_the_back("new content");
  CHECK(fixture.hash() == sha256("old content"));
}

TEST_CASE("a file of another time or size is read again", "[core][base][file_hashes]") {
  const Fixture fixture;
  CHECK(fixture.hash() == sha256("old content"));
  fixture.write("new content");
  fixture.age(std::chrono::minutes(1));
  CHECK(fixture.hash() == sha256("new content"));
  fixture.change_behind_the_back("longer content");
  CHECK(fixture.hash() == sha256("longer content"));
  CHECK(fixture.notes().size() == 1);  // one a path, however often it changes
}

TEST_CASE("a file put in the place of another is read again", "[core][base][file_hashes]") {
  const Fixture fixture;
  CHECK(fixture.hash() == sha256("old content"));
  const fs::path other = fixture.file().string() + ".new";
  write_file(other, "new content");
  fs::last_write_time(other, fs::last_write_time(fixture.file()));
  fs::rename(other, fixture.file());
  CHECK(fixture.hash() == sha256("new content"));
}

TEST_CASE("a file that was just written isn't remembered on disk", "[core][base][file_hashes]") {
  const Fixture fixture;
  fixture.write("old content");
  CHECK(fixture.hash() == sha256("old content"));
  CHECK(fixture.notes().empty());
  fixture.age(-std::chrono::hours(1));  // nor one of the future
  CHECK(fixture.hash() == sha256("old content"));
  CHECK(fixture.notes().empty());
}

TEST_CASE("a damaged cache of hashes is no cache", "[core][base][file_hashes]") {
  const Fixture fixture;
  const std::string digest = fixture.hash();
  REQUIRE(fixture.notes().size() == 1);
  const fs::path note = fixture.notes().front();
  const std::string text = read_file(note);
  fixture.change_behind_the_back("new content");
  const std::string other_digest = (digest.front() == '0' ? "1" : "0") + text.substr(1);
  for (const std::string& damaged : {std::string(), text.substr(0, 70), other_digest}) {
    write_file(note, damaged);
    CHECK(fixture.hash() == sha256("new content"));
  }
}

TEST_CASE("hashes are right without a place for their cache", "[core][base][file_hashes]") {
  const Fixture fixture;
  write_file(fixture.file().parent_path() / "cache", "a file where the folder should be");
  CHECK(fixture.hash() == sha256("old content"));
}

TEST_CASE("processes that hash one file at once agree", "[core][base][file_hashes]") {
  const Fixture fixture;
  std::vector<std::unique_ptr<ChildProcess>> processes;
  for (int i = 0; i < 8; ++i) {
    processes.push_back(
        std::make_unique<ChildProcess>([&](const auto& say) { say(file_sha256(fixture.file())); }));
  }
  for (const auto& process : processes) CHECK(process->output() == sha256("old content"));
  fixture.change_behind_the_back("new content");
  CHECK(fixture.hash() == sha256("old content"));
}

}  // namespace
}  // namespace sojourn
