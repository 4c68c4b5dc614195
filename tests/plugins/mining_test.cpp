#include <string>
#include <vector>

#include "tests/metrics/mining_case.h"
#include "tests/plugins/task_on_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("bucc2018 mines what the reference's method mines in numpy", "[tasks][mining]") {
  const auto golden = nlohmann::json::parse(
      read_file(std::filesystem::path(SOJOURN_SOURCE_DIR) / "tests/golden/mining.json"));
  REQUIRE(golden.size() == 3);
  for (const auto& entry : golden) {
    const Mined mined = MiningCase(entry.at("case")).run();
    const auto& expected = entry.at("expected");
    CHECK(mined.predictions == expected.at("predictions").get<std::vector<std::string>>());
    CHECK(mined.threshold == Approx(expected.at("threshold").get<double>()).margin(1e-6));
    CHECK(mined.f1 == Approx(expected.at("f1").get<double>()));
  }
}

TEST_CASE("bucc2018 embeds equal sentences once, and spreads the English ones over the examples",
          "[tasks][mining]") {
  TaskOnFiles task("bucc2018");
  task.file("foreign", "de-1\teins\nde-2\teins\n");
  task.file("english", "en-1\tone\nen-2\ttwo\nen-3\tthree\n");
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  const auto features = task.features(*data);
  REQUIRE(features.size() == 4);
  CHECK(integers(features, 0, 1) == Ints{0});
  CHECK(integers(features, 1, 0) == Ints{0, 10 + 'o', 2});
  CHECK(integers(features, 2, 0) == Ints{0, 10 + 't', 2});
  CHECK(features.first_feature(1) == 2);
  CHECK_FALSE(data->score(0, "en-1").has_value());
}

TEST_CASE("bucc2018 counts mined, right and gold pairs", "[tasks][mining]") {
  TaskOnFiles task("bucc2018");
  task.file("foreign", "de-1\teins\nde-2\tzwei\n");
  task.file("english", "en-1\tone\nen-2\ttwo\n");
  task.file("gold", "de-1\ten-1\nde-1\ten-2\n");
  const auto data = task.open();
  CHECK(data->score(0, "en-1") == std::vector<double>{1, 1, 2});
  CHECK(data->score(0, "") == std::vector<double>{0, 0, 2});
  CHECK(data->score(1, "en-1 en-2") == std::vector<double>{0, 2, 0});
}

TEST_CASE("bucc2018 names file and line of what is wrong", "[tasks][mining]") {
  TaskOnFiles task("bucc2018");
  task.file("foreign", "de-1\teins\n");
  task.file("english", "en-1\tone\n");
  task.file("gold", "de-1\ten-9\n");
  CHECK(task.error() == task.path("gold") + ": no sentence has the id 'en-9'");
  task.file("gold", "de-1\ten-1\nde-1\ten-1\n");
  CHECK(task.error() == task.path("gold") + ":2: the same pair again");
  task.file("english", "en-1\tone\nen-1\ttwo\n");
  CHECK(task.error() == task.path("english") + ":2: id 'en-1' again, first on line 1");
  task.file("foreign", "eins\n");
  CHECK(task.error() == task.path("foreign") + ":1: 1 column between tabs, expected 2");
}

TEST_CASE("A mined pair counts as wrong where the benchmark has no gold for its sentence",
          "[tasks][mining]") {
  TaskOnFiles task("bucc2018");
  task.file("labels", "de-1\ten-1\n");
  task.file("predictions", "de-1\ten-1\nde-7\ten-1\n");
  const auto data = task.open(64, {}, "labels");
  REQUIRE(data->size() == 2);
  CHECK(data->score(1, "en-1") == std::vector<double>{0, 1, 0});
}

TEST_CASE("tatoeba's gold is unknown where XTREME has sorted the English sentences", "[tasks]") {
  TaskOnFiles task("tatoeba");
  task.file("foreign", "eins\nzwei\n", "de-en.de");
  task.file("english", "two\none\n", "de-en.en");
  const auto data = task.open();
  CHECK_FALSE(data->score(0, "1").has_value());
  task.file("labels", "1\n0\n");
  CHECK(task.open(64, {}, "labels")->score(0, "1") == std::vector<double>{1, 1});
}

}  // namespace
}  // namespace sojourn
