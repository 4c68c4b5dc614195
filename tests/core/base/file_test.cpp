#include "core/base/file.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/temporary_directory.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("a file that isn't committed changes nothing and leaves nothing", "[core][base]") {
  const TemporaryDirectory folder;
  write_file(folder.path() / "x", "old");
  {
    AtomicFile file(folder.path() / "x");
    file.write("half of the new");
  }
  CHECK(read_file(folder.path() / "x") == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a folder that can't be written is an error that names the file", "[core][base]") {
  CHECK_THROWS_WITH(write_file("/nonexistent/folder/x", "y"),
                    Catch::Contains("/nonexistent/folder/x"));
}

TEST_CASE("SHA-256 gives the known answer", "[core][base]") {
  // FIPS 180-4, "abc".
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TemporaryDirectory folder;
  write_file(folder.path() / "x", "abc");
  CHECK(sha256_file(folder.path() / "x") == sha256("abc"));
}

TEST_CASE("a linked folder costs no disk and outlives its source", "[core][base]") {
  const TemporaryDirectory folder;
  const std::filesystem::path from = folder.path() / "from";
  make_folders(from / "deep");
  write_file(from / "deep" / "x", "content");
  write_file(from / "y", "");
  link_or_copy(from, folder.path() / "to");
  CHECK(std::filesystem::hard_link_count(from / "deep" / "x") == 2);
  write_file(from / "deep" / "x", "replaced");  // by renaming, which leaves the other name alone
  std::filesystem::remove_all(from);
  CHECK(read_file(folder.path() / "to" / "deep" / "x") == "content");
  CHECK(read_file(folder.path() / "to" / "y").empty());
}

TEST_CASE("what can't be linked is copied", "[core][base]") {
  const TemporaryDirectory folder;
  const std::filesystem::path memory = "/dev/shm";  // a file system of its own
  std::string name = (memory / "sojourn_test_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    std::cout << "SKIPPED: there is no /dev/shm\n";
    return;
  }
  write_file(folder.path() / "x", "content");
  link_or_copy(folder.path(), std::filesystem::path(name) / "copy");
  CHECK(read_file(std::filesystem::path(name) / "copy" / "x") == "content");
  std::filesystem::remove_all(name);
}

TEST_CASE("a link to what isn't there names both", "[core][base]") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(link_or_copy(folder.path() / "absent", folder.path() / "to"),
                    Catch::Contains("absent") && Catch::Contains("to"));
}

}  // namespace
}  // namespace sojourn
