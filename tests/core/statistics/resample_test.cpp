#include "core/statistics/resample.h"

#include <cmath>
#include <map>
#include <set>

#include "tests/statistics/simulation.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

simulation::Scenario small(bool f1) {
  simulation::Scenario s;
  s.name = "small";
  s.arms = 2;
  s.seeds = 2;
  s.languages = 3;
  s.examples = 90;
  s.document = 7;
  s.f1 = f1;
  s.missing = 0.3;
  return s;
}

// The score of the examples of a cell, each taken as often as its unit.
double score_of_resampled(const TargetScores& scores, const LanguageScores& language,
                          const CellStatistics& cell, const std::vector<std::uint8_t>& weights) {
  std::vector<double> sums(scores.statistics);
  for (std::size_t i = 0; i < language.units.size(); ++i)
    for (int times = 0; times < weights[language.units[i]]; ++times)
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += cell[i * scores.statistics + k];
  return score_of(scores, sums);
}

TEST_CASE("metrics of resampled statistics are the metric of the resampled examples",
          "[core][statistics]") {
  for (const bool f1 : {false, true}) {
    auto scores = simulation::simulate(small(f1), 1, 0).scores;
    for (auto& unit : scores.languages[2].units) unit += 4;  // some of its units are its own
    const auto tables = unit_tables(scores, 1);
    const ResampleWeights weights(5, scores.target);
    int seen = 0;
    resample(scores, tables, {5, 33, 1, {}}, [&](std::size_t at, const ResampledScores& resampled) {
      const auto counts = weights(static_cast<std::uint32_t>(at), 17);
      for (std::size_t l = 0; l < scores.languages.size(); ++l) {
        const auto& language = scores.languages[l];
        for (std::size_t c = 0; c < language.cells.size(); ++c) {
          if (language.cells[c].empty()) continue;
          CHECK(resampled[l][c] ==
                Approx(score_of_resampled(scores, language, language.cells[c], counts)));
        }
      }
      ++seen;
    });
    CHECK(seen == 33);
  }
}

TEST_CASE("a unit is drawn as Poisson numbers of mean 1 are", "[core][statistics]") {
  const ResampleWeights weights(1, "t");
  std::map<int, double> share;
  constexpr std::uint32_t kUnits = 40000;
  for (const auto n : weights(0, kUnits)) share[n] += 1.0 / kUnits;
  CHECK(share[0] == Approx(0.36788).margin(0.01));
  CHECK(share[1] == Approx(0.36788).margin(0.01));
  CHECK(share[2] == Approx(0.18394).margin(0.01));
  CHECK(share[3] == Approx(0.06131).margin(0.005));
  CHECK(weights(0, 8) != weights(1, 8));
}

// Whether the influences of the first cell of a language are the derivatives of its score by the
// weight of each unit.
void check_influences(const TargetScores& scores, std::size_t at) {
  const auto tables = unit_tables(scores, 1);
  const auto& language = scores.languages[at];
  const auto& cell = tables[at].cells[0];
  REQUIRE(cell.there);
  for (std::size_t u = 0; u < tables[at].units.size(); ++u) {
    const auto score = [&](double weight) {
      std::vector<double> sums(scores.statistics);
      for (std::size_t i = 0; i < language.units.size(); ++i)
        for (std::size_t k = 0; k < sums.size(); ++k)
          sums[k] += language.cells[0][i * scores.statistics + k] *
                     (language.units[i] == tables[at].units[u] ? weight : 1);
      return score_of(scores, sums);
    };
    CHECK(cell.influence[u] == Approx((score(1 + 1e-5) - score(1 - 1e-5)) / 2e-5).margin(1e-5));
  }
}

TEST_CASE("influence values are what removing a little of a unit does to the score",
          "[core][statistics]") {
  auto scores = simulation::simulate(small(true), 2, 0).scores;
  scores.metrics.push_back({"precision", "precision", MetricSpec::How::kRatio, {0, 1}, false});
  check_influences(scores, 1);
}

TEST_CASE("so they are where the score is a correlation", "[core][statistics]") {
  auto scores = simulation::simulate(small(false), 2, 0).scores;
  scores.statistics = 6;
  scores.metrics = {{"pearson", "pearson", MetricSpec::How::kPearson, {0, 1, 2, 3, 4, 5}, true}};
  for (auto& language : scores.languages) {
    for (auto& cell : language.cells) {
      cell.clear();
      for (std::size_t i = 0; i < language.units.size(); ++i) {
        const double y = std::sin(static_cast<double>(i));
        const double x = y + 0.5 * std::cos(3.0 * static_cast<double>(i)) + 0.2;
        for (const double statistic : {1.0, x, y, x * x, y * y, x * y})
          cell.push_back(static_cast<CellStatistics::value_type>(statistic));
      }
    }
  }
  check_influences(scores, 0);
}

TEST_CASE("translations and questions on one document are one unit", "[core][statistics]") {
  const std::vector<std::vector<ExampleTies>> ties{
      {{"q1", "doc-a"}, {"q2", "doc-a"}, {"q3", "doc-b"}},
      {{"q3", "other-name-of-b"}, {"q9", "other-name-of-b"}, {"q4", "doc-c"}}};
  const auto units = resampling_units(ties);
  CHECK(units == std::vector<std::vector<std::uint32_t>>{{0, 0, 1}, {1, 1, 2}});
}

}  // namespace
}  // namespace sojourn
