#include "core/statistics/verdict.h"

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/statistics/power.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

std::optional<Estimate> estimate(double difference, double standard_error, double df = 30) {
  Estimate made;
  made.difference = difference;
  made.inference = Inference{difference, standard_error, df};
  return made;
}

TEST_CASE("verdicts say what the interval and the margin allow", "[core][statistics]") {
  Estimate one_seed;
  one_seed.difference = -9;
  const auto judged = judge({estimate(-5, 0.5), estimate(5, 0.5), estimate(0.1, 0.2),
                             estimate(0.1, 3), std::nullopt, one_seed},
                            {1, 0.05});
  std::vector<std::string> words;
  for (const auto& judgement : judged) words.push_back(verdict_text(judgement.verdict));
  CHECK(words == std::vector<std::string>{"harms", "helps", "no difference beyond the margin",
                                          "undecided", "missing", "undecided (one seed)"});
  CHECK_FALSE(judged[5].q_difference);
}

TEST_CASE("a difference that is sure but within the margin is none beyond it",
          "[core][statistics]") {
  CHECK(judge({estimate(-0.4, 0.1)}, {1, 0.05})[0].verdict == Verdict::kNoDifference);
}

TEST_CASE("one small p-value among many tests is no finding", "[core][statistics]") {
  std::vector<std::optional<Estimate>> family(40, estimate(0.5, 3));
  family[0] = estimate(-7, 3);
  CHECK(judge({family[0]}, {1, 0.05})[0].verdict == Verdict::kHarms);
  CHECK(judge(family, {1, 0.05})[0].verdict == Verdict::kUndecided);
}

TEST_CASE("the smallest detectable difference falls with seeds and examples",
          "[core][statistics]") {
  Design design;
  const Power three = power_of(design);
  design.seeds = 10;
  const Power ten = power_of(design);
  CHECK(ten.detectable < three.detectable);
  CHECK(power_at(design, ten.detectable) == Approx(0.8).margin(0.001));
  design.seed_deviation = 0;
  design.examples = 2000;
  // Examples alone: the normal distribution's (1.96 + 0.84) standard errors, and a little for not
  // knowing that seeds do nothing.
  const double normal = 2.8016 * 50 / std::sqrt(2000);
  CHECK(power_of(design).detectable > normal);
  CHECK(power_of(design).detectable < 1.105 * normal);
  design.seeds = 1;
  CHECK(std::isinf(power_of(design).detectable));
  design.examples = 0;
  CHECK_THROWS_WITH(power_of(design), Catch::Contains("examples is 0.000000, expected 2 or more"));
}

}  // namespace
}  // namespace sojourn
