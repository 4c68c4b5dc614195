#include "core/base/file.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "tests/support/temporary_directory.h"

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

}  // namespace
}  // namespace sojourn
