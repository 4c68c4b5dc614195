#include "core/train/linear_schedule.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("the rate rises to its peak, then falls to zero", "[core][train]") {
  const LinearSchedule schedule(/*peak=*/3e-5, /*warmup=*/0.0909, /*steps=*/110);
  REQUIRE(schedule.warmup_steps() == 10);  // rounded up
  // Worked by hand from the formula in the header.
  const auto [step, expected] = GENERATE(table<int, double>({
      {0, 0.0},      // before the first update
      {5, 1.5e-5},   // half-way up
      {10, 3e-5},    // the peak belongs to the decay side
      {60, 1.5e-5},  // half-way down
      {110, 0.0},    // the end
  }));
  CAPTURE(step);
  CHECK(schedule.rate(step) == Approx(expected).margin(1e-12));
}

TEST_CASE("without warm-up the rate starts at its peak", "[core][train]") {
  CHECK(LinearSchedule(1e-4, 0, 100).rate(0) == Approx(1e-4));
}

}  // namespace
}  // namespace sojourn
