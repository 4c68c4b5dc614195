#include "core/run/output_folder.h"

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a run appears as a whole and replaces the one before it as a whole", "[core][run]") {
  const TemporaryDirectory root;
  const fs::path out = root.path() / "runs" / "x";
  {
    OutputFolder folder(out);
    folder.write("manifest.json", "{}");
    folder.write("predictions/old.jsonl", "old");
    CHECK_FALSE(fs::exists(out));
    folder.publish();
  }
  OutputFolder folder(out);
  folder.write("manifest.json", "{}");
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
    first.write("manifest.json", "interrupted");
    CHECK(first.publish_if_free() == out);
  }
  OutputFolder second(out);
  second.write("manifest.json", "again");
  CHECK(second.publish_if_free() == root.path() / "x.partial");
  CHECK(read_file(out / "manifest.json") == "interrupted");
}

TEST_CASE("a folder that holds something else is refused", "[core][run]") {
  const TemporaryDirectory root;
  write_file(root.path() / "thesis.tex", "years of work");
  CHECK_THAT(input_error_of([&] { OutputFolder folder(root.path()); }),
             Catch::Contains("isn't the folder of a run"));
}

TEST_CASE("two processes can't fill one folder", "[core][run]") {
  const TemporaryDirectory root;
  const OutputFolder first(root.path() / "x");
  CHECK_THAT(input_error_of([&] { OutputFolder second(root.path() / "x"); }),
             Catch::Contains("another run"));
}

}  // namespace
}  // namespace sojourn
