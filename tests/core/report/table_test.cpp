#include "core/report/table.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

ResultRow row(const std::string& arm, const std::string& language, double value,
              std::uint64_t seed = 1) {
  ResultRow r;
  r.study = "s";
  r.arm = arm;
  r.target = r.task = "pairs";
  r.seed = seed;
  r.language = language;
  r.split = "test";
  r.metric = r.profile = "accuracy";
  r.value = value;
  r.n = 10;
  r.stage = arm + "/pairs";
  r.primary = true;
  return r;
}

const std::vector<ComparedArm> kArms{{"none", "none"}, {"x", "none"}};

TEST_CASE("the table lines up arms against languages, with the difference to the baseline",
          "[core][report]") {
  const std::vector<ResultRow> rows{row("none", "de", 50), row("none", "en", 70),
                                    row("x", "de", 55.25), row("x", "en", 9)};
  CHECK(results_table(rows, kArms, {"pairs"}) ==
        "pairs: accuracy, pairs test\n"
        "  arm          en    de   mean\n"
        "  none       70.0  50.0   60.0\n"
        "  x           9.0  55.2   32.1\n"
        "    - none  -61.0  +5.2  -27.9\n\n");
}

TEST_CASE("seeds are averaged and their spread is shown", "[core][report]") {
  const std::vector<ResultRow> rows{row("none", "en", 50, 1), row("none", "en", 52, 2),
                                    row("none", "en", 54, 3)};
  const auto table = results_table(rows, kArms, {"pairs"});
  CHECK_THAT(table, Catch::Contains("mean of 3 seeds") && Catch::Contains("52.0  52.0  2.0"));
}

TEST_CASE("what is missing is shown as missing, never as zero", "[core][report]") {
  const std::vector<ResultRow> rows{row("none", "en", 50), row("none", "de", 50),
                                    row("x", "en", 60)};
  const auto table = results_table(rows, kArms, {"pairs"});
  CHECK_THAT(table, Catch::Contains("x          60.0     -     -"));
}

TEST_CASE("arms are compared at the seeds that both have", "[core][report]") {
  const std::vector<ResultRow> rows{row("none", "en", 50, 1), row("none", "en", 90, 2),
                                    row("x", "en", 52, 1)};
  const auto table = results_table(rows, kArms, {"pairs"});
  CHECK_THAT(table, Catch::Contains("- none  +2.0  +2.0"));
}

TEST_CASE("the layers of sentence vectors are said, for each arm and seed where they differ",
          "[core][report]") {
  auto rows = std::vector{row("none", "de", 50, 1), row("none", "de", 52, 2), row("x", "de", 60, 1),
                          row("x", "de", 61, 2)};
  for (auto& r : rows) r.layer = 8;
  const auto title = [&] {
    const auto table = results_table(rows, kArms, {"pairs"});
    return table.substr(0, table.find('\n'));
  };
  CHECK(title() == "pairs: accuracy, pairs test, layer 8, mean of 2 seeds");
  rows[3].layer = 7;
  CHECK(title() == "pairs: accuracy, pairs test, layers: none 8 8; x 8 7, mean of 2 seeds");
}

TEST_CASE("the arms of a grid are compared with the baseline at the same numbers",
          "[core][report]") {
  Study study;
  study.default_recipe.grid["steps"] = {std::int64_t{5}, std::int64_t{9}};
  study.intermediates.emplace_back().name = "x";
  study.targets.emplace_back().name = "pairs";
  const std::vector<ResultRow> rows{row("none,steps=5", "en", 50), row("none,steps=9", "en", 60),
                                    row("x,steps=5", "en", 52), row("x,steps=9", "en", 70)};
  CHECK(results_table(rows, study) ==
        "pairs: accuracy, pairs test\n"
        "  arm                  en   mean\n"
        "  none,steps=5       50.0   50.0\n"
        "  none,steps=9       60.0   60.0\n"
        "  x,steps=5          52.0   52.0\n"
        "    - none,steps=5   +2.0   +2.0\n"
        "  x,steps=9          70.0   70.0\n"
        "    - none,steps=9  +10.0  +10.0\n\n");
}

TEST_CASE("rows are sorted by what names them, and a layer that isn't there is null",
          "[core][report]") {
  auto deep = row("none", "en", 1.5);
  deep.layer = -1;
  const auto text = results_jsonl({row("x", "en", 2), deep, row("none", "de", 3)});
  CHECK(text.find("\"language\":\"de\"") < text.find("\"layer\":-1"));
  CHECK(text.find("\"layer\":-1") < text.find("\"arm\":\"x\""));
  CHECK_THAT(text, Catch::Contains("\"layer\":null") && Catch::Contains("\"value\":1.5,\"n\":10"));
}

}  // namespace
}  // namespace sojourn
