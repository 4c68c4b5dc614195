// The bundled masked language model: its files, features and manifest.
#include <string>
#include <vector>

#include "core/data/masking.h"
#include "tests/plugins/task_on_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("A paragraph is a line, and blank lines are none", "[tasks][masking]") {
  TaskOnFiles task("mlm");
  task.file("text", "\xEF\xBB\xBFone two\r\n\n \t\nthree\n");
  const auto data = task.open(64, {}, "train");
  REQUIRE(data->size() == 2);
  CHECK(data->example(0).id == "1");
  CHECK(data->example(1).id == "4");
  const auto features = task.features(*data);
  CHECK(integers(features, 0, 0) == Ints{0, 10 + 'o', 10 + 't', 2});
  CHECK(integers(features, 0, 1) == Ints{-100, -100, -100, -100});
  CHECK(integers(features, 1, 0) == Ints{0, 10 + 't', 10 + 'e', 2});
}

TEST_CASE("A paragraph that is too long becomes several features, none of it lost",
          "[tasks][masking]") {
  TaskOnFiles task("mlm");
  task.file("text", "a b c d e\nf\n");
  const auto features = task.features(*task.open(4, {}, "train"));
  REQUIRE(features.size() == 4);
  CHECK(integers(features, 0, 0) == Ints{0, 10 + 'a', 10 + 'b', 2});
  CHECK(integers(features, 1, 0) == Ints{0, 10 + 'c', 10 + 'd', 2});
  CHECK(integers(features, 2, 0) == Ints{0, 10 + 'e', 2});
  CHECK(features.first_feature(1) == 3);
}

TEST_CASE("Text that can't be read is refused with file and line", "[tasks][masking]") {
  TaskOnFiles task("mlm");
  task.file("text", "fine\nnot \xFF fine\n");
  CHECK(task.error() == task.path("text") + ":2: byte 5 of the line isn't UTF-8");
  task.file("text", "");
  CHECK(task.error() == task.path("text") + ":1: the file is empty");
  task.file("text", "\n\n");
  CHECK(task.error() == task.path("text") + ": has no example");
}

TEST_CASE("The host is asked to hide pieces and to show the head the words' embeddings",
          "[tasks][masking]") {
  const TaskOnFiles task("mlm");
  const Manifest& manifest = task.manifest();
  REQUIRE(manifest.masking.has_value());
  CHECK(manifest.masking.value().share == 0.15);
  CHECK(manifest.masking.value().labels == manifest.loss_items);
  CHECK(uses_word_table(manifest));
  CHECK_FALSE(manifest.is_scored());
  CHECK(manifest.languages.size() == 101);
  CHECK(manifest.codes.at("fa") == "pes");
}

TEST_CASE("The ids that a tokenizer keeps for itself are neither hidden nor drawn",
          "[tasks][masking]") {
  const MaskingIds ids = masking_ids(StubTokenizer());
  CHECK(ids.mask == 299);
  CHECK(ids.pieces == 300);
  CHECK(ids.special == Ints{0, 1, 2, 299});
}

}  // namespace
}  // namespace sojourn
