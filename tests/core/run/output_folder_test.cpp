#include "core/run/output_folder.h"

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = R"({"study": "x", "complete": true})";

TEST_CASE("a run appears as a whole and replaces the one before it as a whole", "[core][run]") {
  const TemporaryDirectory root;
  const fs::path out = root.path() / "runs" / "x";
  {
    OutputFolder folder(out);
    folder.write("manifest.json", kManifest);
    folder.write("predictions/old.jsonl", "old");
    CHECK_FALSE(fs::exists(out));
    folder.publish();
  }
  OutputFolder folder(out);
  folder.write("manifest.json", kManifest);
  CHECK(read_file(out / "predictions/old.jsonl") ==
        "old");  // still there while the next one is made
  folder.publish();
  CHECK_FALSE(fs::exists(out / "predictions"));
  CHECK(std::distance(fs::directory_iterator(out.parent_path()), {}) == 1);
}

TEST_CASE("an interrupted run never takes the place of an older one", "[core][run]") {
  const TemporaryDirectory root;
  const fs::path out = root.path() / "x";
  {
    OutputFolder first(out);
    first.write("manifest.json", kManifest);
    CHECK(first.publish_if_free() == out);
  }
  OutputFolder second(out);
  second.write("manifest.json", "again");
  CHECK(second.publish_if_free() == root.path() / "x.partial");
  CHECK(read_file(out / "manifest.json") == kManifest);
}

TEST_CASE("a folder that holds something else is refused", "[core][run]") {
  const TemporaryDirectory root;
  write_file(root.path() / "thesis.tex", "years of work");
  CHECK_THAT(input_error_of([&] { OutputFolder folder(root.path()); }),
             Catch::Contains("isn't the folder of a run"));
}

TEST_CASE("not every folder with a manifest is a run", "[core][run]") {
  const TemporaryDirectory root;
  write_file(root.path() / "manifest.json", R"({"name": "a web app"})");
  CHECK_THAT(input_error_of([&] { OutputFolder folder(root.path()); }),
             Catch::Contains("isn't the folder of a run"));
}

TEST_CASE("what somebody has put into a run's folder outlives the run", "[core][run]") {
  const TemporaryDirectory root;
  const fs::path out = root.path() / "x";
  for (const char* report : {"old", ""}) {
    OutputFolder folder(out);
    folder.write("manifest.json", kManifest);
    folder.publish();
    if (*report == '\0') break;
    write_file(out / "notes.txt", "what I think of it");
    fs::create_directory(out / "report");
    write_file(out / "report" / "report.md", report);
  }
  CHECK(read_file(out / "notes.txt") == "what I think of it");
  CHECK_FALSE(fs::exists(out / "report"));  // of the run that is gone
}

TEST_CASE("a crash while a run is replaced loses nothing of that", "[core][run]") {
  const TemporaryDirectory root;
  const fs::path out = root.path() / "x";
  fs::create_directories(root.path() / "x.former");
  write_file(root.path() / "x.former" / "notes.txt", "what I think of it");
  fs::create_directories(out);
  write_file(out / "manifest.json", kManifest);
  OutputFolder folder(out);
  folder.write("manifest.json", kManifest);
  folder.publish();
  CHECK(read_file(out / "notes.txt") == "what I think of it");
  CHECK_FALSE(fs::exists(root.path() / "x.former"));
}

TEST_CASE("two processes can't fill one folder", "[core][run]") {
  const TemporaryDirectory root;
  const OutputFolder first(root.path() / "x");
  CHECK_THAT(input_error_of([&] { OutputFolder second(root.path() / "x"); }),
             Catch::Contains("another run"));
}

}  // namespace
}  // namespace sojourn
