#include "core/report/claims.h"

#include <limits>

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

// The normal interval of a difference is +- 1.96 standard errors.
Outcome outcome(const std::string& direction, double difference, double error, double margin = 1) {
  Hypothesis hypothesis;
  hypothesis.direction = direction;
  hypothesis.margin = margin;
  const Inference found{difference, error, std::numeric_limits<double>::infinity()};
  return judge_claims({{&hypothesis, found}}).at(0).outcome;
}

}  // namespace

TEST_CASE("a single claim goes with the 95 % interval", "[core][report]") {
  CHECK(outcome("helps", 2, 1.01) == Outcome::kSupported);    // [0.02, 3.98]
  CHECK(outcome("helps", 2, 1.03) == Outcome::kUndecided);    // [-0.02, 4.02]
  CHECK(outcome("helps", -2, 1) == Outcome::kContradicted);   // [-3.96, -0.04]
  CHECK(outcome("helps", 0, 0.5) == Outcome::kContradicted);  // [-0.98, 0.98]
  CHECK(outcome("helps", 0.2, 0.1) == Outcome::kSupported);   // little, but above 0
  CHECK(outcome("harms", -2, 1.01) == Outcome::kSupported);
  CHECK(outcome("harms", 0, 0.5) == Outcome::kContradicted);
  CHECK(outcome("harms", 0, 0.52) == Outcome::kUndecided);
  CHECK(outcome("no harm", 0, 0.5) == Outcome::kSupported);
  CHECK(outcome("no harm", 0, 0.52) == Outcome::kUndecided);
  CHECK(outcome("no harm", 5, 2) == Outcome::kSupported);
  CHECK(outcome("no harm", -3, 1) == Outcome::kContradicted);
  CHECK(outcome("no harm", -3, 1.03) == Outcome::kUndecided);
  CHECK(outcome("no gain", 3, 1) == Outcome::kContradicted);
  CHECK(outcome("no gain", -3, 1) == Outcome::kSupported);
  CHECK(outcome("no difference", 0, 0.5) == Outcome::kSupported);
  CHECK(outcome("no difference", 0.5, 0.5) == Outcome::kUndecided);
  CHECK(outcome("no difference", -3, 1) == Outcome::kContradicted);
}

TEST_CASE("several claims share one rate of false discoveries", "[core][report]") {
  Hypothesis hypothesis;
  hypothesis.direction = "helps";
  hypothesis.margin = 1;
  const double infinite = std::numeric_limits<double>::infinity();
  const Claim likely{&hypothesis, {2, 1, infinite}};  // p = 0.0455
  const Claim open{&hypothesis, {2, 5, infinite}};
  const auto judged = judge_claims({likely, open, open, open});
  CHECK(judged[0].outcome == Outcome::kUndecided);
  CHECK(judged[0].q == Approx(4 * 0.04550026));
  CHECK(judge_claims({likely, likely})[1].outcome == Outcome::kSupported);
}

TEST_CASE("what stands above 0 isn't contradicted for the company that it is in",
          "[core][report]") {
  Hypothesis hypothesis;
  hypothesis.direction = "helps";
  hypothesis.margin = 1;
  const double infinite = std::numeric_limits<double>::infinity();
  const Claim little{&hypothesis, {0.3, 0.138, infinite}};  // [0.03, 0.57]: above 0, below 1
  const Claim none{&hypothesis, {0, 0.5, infinite}};
  CHECK(judge_claims({little})[0].outcome == Outcome::kSupported);
  CHECK(judge_claims({little, none})[0].outcome == Outcome::kUndecided);
}

}  // namespace sojourn
