// The short form of what docs/statistics.md shows at length.
#include "tests/statistics/calibration.h"

#include <catch2/catch.hpp>

namespace sojourn::simulation {
namespace {

TEST_CASE("intervals cover the truth where bootstraps of examples don't",
          "[core][statistics][calibration]") {
  Scenario scenario;
  scenario.name = "short";
  scenario.arms = 3;
  scenario.languages = 3;
  scenario.examples = 150;
  scenario.run = scenario.run_language = 0.15;
  CalibrationPlan plan;
  plan.studies = 300;
  plan.shifted = 90;
  plan.naive = 60;
  plan.resamples = 100;
  plan.margin = 20;
  plan.threads = 2;
  const auto result = calibrate(scenario, plan);
  // 300 draws of arms and languages that correlate: two standard errors are 2 to 3 points.
  CHECK(result.language > 0.92);
  CHECK(result.language < 0.99);
  CHECK(result.group > 0.91);
  CHECK(result.target_mean > 0.91);
  CHECK(result.naive_examples < 0.85);
  CHECK(result.false_discoveries < 0.12);
  CHECK(result.group_discoveries < 0.12);
  CHECK(result.equivalence_error < 0.09);
}

}  // namespace
}  // namespace sojourn::simulation
