#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/metrics/retrieval_case.h"
#include "tests/plugins/task_on_files.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("Retrieval and mining find what the methods written out in numpy find",
          "[tasks][mining]") {
  RetrievalCases cases;
  const auto golden = read_golden("retrieval");
  REQUIRE(golden.size() == 6);
  for (std::size_t i = 0; i < golden.size(); ++i) {
    CAPTURE(i);
    const Retrieved found = cases.run(golden[i].at("case"));
    const auto& expected = golden[i].at("expected");
    CHECK(found.predictions == expected.at("predictions").get<std::vector<std::string>>());
    CHECK(found.metric == Approx(expected.at("metric").get<double>()));
    if (found.tuned.empty()) continue;
    CHECK(std::stod(found.tuned) == Approx(expected.at("tuned").get<double>()).epsilon(1e-6));
  }
}

// Four sentences a side: sentence i is nearest to i, by cosine `own[i]`, and all others by 0.1.
class OwnTranslations : public NeighboursOnly {
 public:
  explicit OwnTranslations(std::vector<float> own) : own_(std::move(own)) {}
  std::int64_t count(std::int64_t /*side*/) const override { return 4; }
  Neighbours neighbours(std::int64_t /*from*/, std::int64_t /*to*/, std::int64_t k) const override {
    REQUIRE(k == 4);
    Neighbours found;
    for (std::int64_t i = 0; i < 4; ++i) {
      for (std::int64_t n = 0; n < 4; ++n) {
        found.index.push_back((i + n) % 4);
        found.cosine.push_back(n == 0 ? own_[static_cast<std::size_t>(i)] : 0.1F);
      }
    }
    return found;
  }

 private:
  std::vector<float> own_;
};

class FourByFour : public TaskOnFiles {
 public:
  FourByFour() : TaskOnFiles("bucc2018") {
    file("foreign", "de-1\teins\nde-2\tzwei\nde-3\tdrei\nde-4\tvier\n");
    file("english", "en-1\tone\nen-2\ttwo\nen-3\tthree\nen-4\tfour\n");
    file("gold", "de-1\ten-1\nde-4\ten-4\n");
  }
};

// Scores 3, 3, 2.5 and 2, of which the first and the last are right: of F1 2/3 are all four, and
// the first alone, which no threshold takes without the second.
TEST_CASE("bucc2018's threshold parts no equal scores and takes the pair that it lies on",
          "[tasks][mining]") {
  FourByFour task;
  const auto data = task.open();
  const OwnTranslations search({0.9F, 0.9F, 0.5F, 0.3F});
  const std::string tuned = data->decoder()->tune(&search);
  CHECK(std::stod(tuned) == Approx(2.0));
  const auto mined_from = [&](const std::string& threshold) {
    std::vector<std::string> found(4);
    data->decoder()->finish(threshold, &search, [&](std::int64_t i, std::string_view text) {
      found.at(static_cast<std::size_t>(i)) = text;
    });
    return found;
  };
  CHECK(mined_from(tuned) == std::vector<std::string>{"en-1", "en-2", "en-3", "en-4"});
  CHECK(mined_from("2.25") == std::vector<std::string>{"en-1", "en-2", "en-3", ""});
  CHECK_THROWS_WITH(mined_from(""), Catch::Contains("no dev split to learn the threshold on"));
}

TEST_CASE("bucc2018 mines nothing by margins that aren't numbers", "[tasks][mining]") {
  FourByFour task;
  const auto data = task.open();
  const float wrong = std::numeric_limits<float>::quiet_NaN();
  const OwnTranslations search({0.9F, 0.9F, 0.5F, wrong});
  CHECK_THROWS_WITH(data->decoder()->tune(&search), Catch::Contains("a margin is NaN"));
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
  CHECK(task.error() ==
        task.path("gold") + ":1: id 'en-9', expected one of those in " + task.path("english"));
  task.file("gold", "de-1\ten-1\nde-9\ten-1\n");
  CHECK(task.error() ==
        task.path("gold") + ":2: id 'de-9', expected one of those in " + task.path("foreign"));
  task.file("gold", "de-1\ten-1\nde-1\ten-1\n");
  CHECK(task.error() == task.path("gold") + ":2: the same pair again");
  task.file("english", "en-1\tone\nen-1\ttwo\n");
  CHECK(task.error() == task.path("english") + ":2: id 'en-1' again, first on line 1");
  task.file("english", "en 1\tone\n");
  CHECK(task.error() ==
        task.path("english") + ":1: id 'en 1', expected one character or more and no space");
  task.file("foreign", "eins\n");
  CHECK(task.error() == task.path("foreign") + ":1: 1 column between tabs, expected 2");
}

TEST_CASE("bucc2018 without gold on dev is an error before anything is encoded",
          "[tasks][mining]") {
  TaskOnFiles task("bucc2018");
  task.file("foreign", "de-1\teins\n");
  task.file("english", "en-1\tone\n");
  CHECK(input_error_of([&] { task.open(64, {}, "dev"); }) ==
        task.path("foreign") + ": no gold beside it, from which the threshold is learnt");
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
