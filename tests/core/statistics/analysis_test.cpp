#include "core/statistics/analysis.h"

#include <cmath>

#include "core/statistics/estimate.h"
#include "core/statistics/verdict.h"
#include "tests/statistics/simulation.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

const std::vector<Comparison> kComparisons{{1, 0}};
const std::vector<Subject> kSubjects{
    {"l0", {"l0"}, {}}, {"all", {"l0", "l1"}, {}}, {"l0 less l1", {"l0"}, {"l1"}}};

// Accuracy of one statistic and its count: two languages, two arms; cells by arm, then seed.
TargetScores hand_made(std::size_t seeds) {
  TargetScores scores;
  scores.target = "t";
  scores.arms = {"none", "x"};
  for (std::size_t s = 1; s <= seeds; ++s) scores.seeds.push_back(s);
  scores.statistics = 2;
  scores.metrics = {{"accuracy", "accuracy", MetricSpec::How::kRatio, {0, 1}, true}};
  for (const char* name : {"l0", "l1"}) {
    LanguageScores language;
    language.language = name;
    for (std::uint32_t u = 0; u < 10; ++u) language.units.push_back(u);
    language.cells.resize(2 * seeds);
    scores.languages.push_back(language);
  }
  return scores;
}

// The first `right` of 10 examples are right.
CellStatistics cell(int right) {
  CellStatistics statistics;
  for (int i = 0; i < 10; ++i) {
    statistics.push_back(i < right ? 1 : 0);
    statistics.push_back(1);
  }
  return statistics;
}

TEST_CASE("differences are over the seeds and languages that both arms have",
          "[core][statistics]") {
  auto scores = hand_made(3);
  scores.languages[0].cells = {cell(5), cell(6), cell(7), cell(8), cell(8), {}};
  scores.languages[1].cells = {cell(2), {}, cell(2), cell(3), cell(9), cell(3)};
  const auto result = analyse(scores, kComparisons, kSubjects, {});
  const auto& l0 = *result.estimates[0][0];
  CHECK(l0.difference == Approx(25));  // 80 - 55: seed 3 is missing
  CHECK(l0.seeds == std::vector<std::uint64_t>{1, 2});
  CHECK(l0.arm_scores == std::vector<double>{80, 80});
  CHECK(l0.baseline_scores == std::vector<double>{50, 60});
  const auto& all = *result.estimates[0][1];
  CHECK(all.seeds == std::vector<std::uint64_t>{1});
  CHECK(all.difference == Approx(20));  // (80 + 30 - 50 - 20) / 2
  CHECK_FALSE(all.inference);
  CHECK(all.units == 10);
  CHECK(all.examples == 20);
  CHECK(result.estimates[0][2]->difference == Approx(20));  // 30 - 10
}

TEST_CASE("what no seed has is missing, not zero", "[core][statistics]") {
  auto scores = hand_made(2);
  scores.languages[0].cells = {cell(5), cell(5), {}, {}};
  scores.languages[1].cells = {cell(5), cell(5), cell(6), cell(6)};
  const auto result = analyse(scores, kComparisons, kSubjects, {});
  CHECK_FALSE(result.estimates[0][0]);
  CHECK(result.estimates[0][1]->plus == std::vector<std::string>{"l1"});
  CHECK_FALSE(result.estimates[0][2]);
}

TEST_CASE("without noise of seeds the variance is that of the examples", "[core][statistics]") {
  auto scores = hand_made(2);
  for (auto& language : scores.languages) language.cells = {cell(3), cell(3), cell(8), cell(8)};
  const auto result = analyse(scores, kComparisons, kSubjects, {});
  const auto& l0 = *result.estimates[0][0];
  CHECK(l0.seed_variance == 0);
  // 5 of 10 examples differ: the variance of a mean of 10, sample variance 0.25 * 10 / 9, in %.
  CHECK(l0.example_variance == Approx(1e4 * 0.25 / 9));
  CHECK(l0.inference->standard_error == Approx(std::sqrt(1e4 * 0.25 / 9)));
  // The bootstrap agrees: percentiles of a mean of 10 that are 0 or 1.
  CHECK(l0.examples_only.low == Approx(20).margin(10));
  CHECK(l0.examples_only.high == Approx(80).margin(10));
}

TEST_CASE("noise of single examples isn't taken for noise of seeds", "[core][statistics]") {
  auto scores = hand_made(2);
  CellStatistics others;  // the other five examples
  for (int i = 0; i < 10; ++i) others.insert(others.end(), {i < 5 ? 0.0 : 1.0, 1.0});
  for (auto& language : scores.languages) language.cells = {cell(5), cell(5), cell(5), others};
  const auto result = analyse(scores, kComparisons, kSubjects, {});
  const auto& l0 = *result.estimates[0][0];
  // At one seed the arms agree, at the other each example's difference is +-10 points: ten
  // variances of 50, and the correction for the mean.
  CHECK(l0.parts.arms.at("x").noise == Approx(500 * 10.0 / 9));
  // Seeds add nothing, and half of what that noise has in the variance by examples is taken off.
  CHECK(l0.seed_variance == Approx(-l0.parts.arms.at("x").noise / 2 / 2));
}

TEST_CASE("noise of single examples takes off no more than half of their variance",
          "[core][statistics]") {
  auto scores = hand_made(2);
  CellStatistics last;  // the other half of the examples is right
  for (int i = 0; i < 10; ++i) last.insert(last.end(), {i < 5 ? 0.0 : 1.0, 1.0});
  for (auto& language : scores.languages) language.cells = {cell(5), last, last, cell(5)};
  const auto result = analyse(scores, kComparisons, kSubjects, {});
  const auto& l0 = *result.estimates[0][0];
  // Each example's difference is 0 on average, and what is left is one example's variance.
  CHECK(l0.example_variance < l0.parts.arms.at("x").noise / 2);
  CHECK(l0.inference->standard_error == Approx(std::sqrt(l0.example_variance / 2)));
}

// The estimate of x in the first language of a study of these runs; of y's, if there are any.
Estimate estimate_beside(const std::vector<int>& x, const std::vector<int>& y) {
  auto scores = hand_made(x.size());
  if (!y.empty()) scores.arms.emplace_back("y");
  for (auto& language : scores.languages) {
    language.cells.assign(x.size(), cell(5));
    for (const int right : x) language.cells.push_back(cell(right));
    for (const int right : y) language.cells.push_back(cell(right));
  }
  return *analyse(scores, kComparisons, kSubjects, {}).estimates[0][0];
}

TEST_CASE("an arm that is clearly less steady says nothing of another's seeds",
          "[core][statistics]") {
  const auto error = [](const std::vector<int>& x, const std::vector<int>& y) {
    return estimate_beside(x, y).inference->standard_error;
  };
  // Variances of 33 and 2,500, then of 33 and 233: with three seeds, a ratio of 9 is clear.
  CHECK(error({6, 7, 6}, {0, 10, 5}) == Approx(error({6, 7, 6}, {})));
  CHECK(error({0, 10, 5}, {6, 7, 6}) == Approx(error({0, 10, 5}, {})));
  CHECK(error({6, 7, 6}, {7, 4, 5}) > 1.1 * error({6, 7, 6}, {}));
}

TEST_CASE("whether an arm is less steady is told by all languages of the target",
          "[core][statistics]") {
  // Of x and y over seeds, in l0 and in l1: x varies more than y in l0.
  const auto error_in_l0 = [](const std::vector<int>& x, const std::vector<int>& y) {
    auto scores = hand_made(3);
    scores.arms.emplace_back("y");
    const auto cells = [](const std::vector<int>& x_right, const std::vector<int>& y_right) {
      std::vector<CellStatistics> all(3, cell(5));
      for (const int right : x_right) all.push_back(cell(right));
      for (const int right : y_right) all.push_back(cell(right));
      return all;
    };
    scores.languages[0].cells = cells({4, 7, 5}, {5, 6, 5});
    scores.languages[1].cells = cells(x, y);
    return analyse(scores, kComparisons, kSubjects, {}).estimates[0][0]->inference->standard_error;
  };
  const double steady = error_in_l0({5, 6, 5}, {4, 7, 4});    // on average, less than y
  const double unsteady = error_in_l0({4, 7, 4}, {5, 6, 5});  // more
  CHECK(unsteady > 1.05 * steady);
}

TEST_CASE("what an arm varies beyond the others has the degrees of freedom of its own seeds",
          "[core][statistics]") {
  const auto df = [](double own, double shared) {
    return difference_df({own, shared, 0, 0}, 1000, 5, 3, 100);
  };
  CHECK(df(1, 1) == Approx(pooled_df(5, 3)).epsilon(0.01));
  CHECK(df(1.1, 1) == Approx(pooled_df(5, 3)).epsilon(0.01));  // never more than of all
  CHECK(df(1000, 1) == Approx(2).epsilon(0.01));
}

TEST_CASE("a mean in which what seeds do cancels is known better than its languages",
          "[core][statistics]") {
  auto scores = hand_made(3);
  scores.languages[0].cells = {cell(5), cell(5), cell(5), cell(5), cell(8), cell(7)};
  scores.languages[1].cells = {cell(5), cell(5), cell(5), cell(8), cell(5), cell(6)};
  const auto result = analyse(scores, kComparisons, kSubjects, {});
  CHECK(result.estimates[0][1]->inference->df > 2 * result.estimates[0][0]->inference->df);
}

TEST_CASE("arms that agree on all examples aren't known to be equal", "[core][statistics]") {
  auto scores = hand_made(3);
  for (auto& language : scores.languages) language.cells.assign(6, cell(10));
  const auto result = analyse(scores, kComparisons, kSubjects, {});
  const auto& l0 = *result.estimates[0][0];
  CHECK(l0.difference == 0);
  CHECK(l0.inference->interval().high > 20);  // of 10 examples, 3 could differ
  CHECK(judge({l0}, {1, 0.05})[0].verdict == Verdict::kUndecided);
}

TEST_CASE("numbers don't depend on threads, and resamples not on other targets",
          "[core][statistics]") {
  simulation::Scenario scenario;
  scenario.name = "threads";
  scenario.arms = 3;
  scenario.languages = 2;
  scenario.examples = 60;
  scenario.run = scenario.run_language = 0.1;
  const auto scores = simulation::simulate(scenario, 1, 2).scores;
  const std::vector<Comparison> comparisons{{1, 0}, {2, 0}};
  AnalysisOptions options;
  options.resamples = 100;
  const auto once = analyse(scores, comparisons, kSubjects, options);
  for (const int threads : {2, 3}) {
    options.threads = threads;
    const auto again = analyse(scores, comparisons, kSubjects, options);
    for (std::size_t c = 0; c < comparisons.size(); ++c) {
      for (std::size_t s = 0; s < kSubjects.size(); ++s) {
        const auto& a = *once.estimates[c][s];
        const auto& b = *again.estimates[c][s];
        CHECK(a.inference->standard_error == b.inference->standard_error);
        CHECK(a.inference->df == b.inference->df);
        CHECK(a.parts.resampled == b.parts.resampled);
      }
    }
  }
  options.seed = 2;
  CHECK(analyse(scores, comparisons, kSubjects, options).estimates[0][0]->parts.resampled !=
        once.estimates[0][0]->parts.resampled);
}

TEST_CASE("the example variance is that of the resamples", "[core][statistics]") {
  simulation::Scenario scenario;
  scenario.name = "linear";
  scenario.arms = 2;
  scenario.seeds = 2;
  scenario.languages = 2;
  scenario.examples = 300;
  scenario.document = 3;
  scenario.f1 = true;
  AnalysisOptions options;
  options.resamples = 1500;
  const auto result =
      analyse(simulation::simulate(scenario, 1, 2).scores, kComparisons, kSubjects, options);
  for (const auto& estimate : result.estimates[0]) {
    double mean = 0;
    double squares = 0;
    for (const float v : estimate->parts.resampled) mean += v / 1500.0;
    for (const float v : estimate->parts.resampled) squares += (v - mean) * (v - mean) / 1499.0;
    CHECK(std::sqrt(squares) == Approx(std::sqrt(estimate->example_variance)).epsilon(0.08));
  }
}

TEST_CASE("a mean over targets has their seeds in common", "[core][statistics]") {
  auto first = hand_made(3);
  for (auto& l : first.languages) l.cells = {cell(5), cell(6), cell(7), cell(6), cell(7), cell(8)};
  auto second = hand_made(3);
  for (auto& l : second.languages) l.cells = {cell(5), cell(5), {}, cell(8), cell(8), cell(9)};
  const auto a = analyse(first, kComparisons, kSubjects, {});
  const auto b = analyse(second, kComparisons, kSubjects, {});
  const std::vector<const Estimate*> both{&*a.estimates[0][1], &*b.estimates[0][1]};
  const auto mean = *mean_over_targets(both);
  CHECK(mean.difference == Approx(20));  // of 10 and 30
  CHECK(mean.seeds == std::vector<std::uint64_t>{1, 2});
  const double noise = both[0]->parts.arms.at("x").noise;  // over two seeds, not three
  CHECK(
      mean.example_variance ==
      Approx((both[0]->example_variance + noise / 2 - noise / 3 + both[1]->example_variance) / 4));
  CHECK(mean.parts.arms.at("x").noise ==
        Approx((both[0]->parts.arms.at("x").noise + both[1]->parts.arms.at("x").noise) / 4));
  CHECK(mean.parts.arms.at("x").noise > 0);
  CHECK(mean.inference);
}

TEST_CASE("a mean over one target is what is known of it", "[core][statistics]") {
  simulation::Scenario scenario;
  scenario.run = 0.05;
  const auto result = analyse(simulation::simulate(scenario, 7, 2).scores, kComparisons,
                              std::vector<Subject>{{"all", {"l0", "l1", "l2"}, {}}}, {});
  const Estimate& one = *result.estimates[0][0];
  const auto mean = *mean_over_targets(std::vector<const Estimate*>{&one});
  CHECK(mean.inference->df == one.inference->df);
  CHECK(mean.inference->standard_error == one.inference->standard_error);
  // Over two targets that are alike, seeds and examples average out, and degrees don't multiply.
  const auto two = *mean_over_targets(std::vector<const Estimate*>{&one, &one});
  CHECK(two.inference->df <= 2 * one.inference->df + 1);
}

TEST_CASE("one document, or few, say little of others", "[core][statistics]") {
  auto scores = hand_made(2);
  for (auto& l : scores.languages) l.cells = {cell(3), cell(3), cell(8), cell(8)};
  for (auto& l : scores.languages) std::fill(l.units.begin(), l.units.end(), 0U);
  const auto one = analyse(scores, kComparisons, kSubjects, {});
  CHECK(one.estimates[0][0]->inference->p_difference() > 0.2);
  for (auto& l : scores.languages)
    for (std::size_t i = 0; i < l.units.size(); ++i) l.units[i] = static_cast<std::uint32_t>(i % 3);
  const auto three = analyse(scores, kComparisons, kSubjects, {});
  CHECK(three.estimates[0][0]->parts.example_df <= 2);
}

TEST_CASE("scores that don't fit are refused with the place", "[core][statistics]") {
  auto scores = hand_made(2);
  for (auto& language : scores.languages) language.cells = {cell(3), cell(3), cell(8), cell(8)};
  scores.languages[1].cells[2].pop_back();
  CHECK_THROWS_WITH(analyse(scores, kComparisons, kSubjects, {}),
                    "t l1: 19 statistics, expected 20: 2 for each of 10 examples");
  scores.metrics[0].how = MetricSpec::How::kMargin;
  CHECK_THROWS_WITH(analyse(scores, kComparisons, kSubjects, {}),
                    Catch::Contains("is the margin of another one"));
}

}  // namespace
}  // namespace sojourn
