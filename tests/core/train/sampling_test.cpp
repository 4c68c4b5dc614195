#include "core/train/sampling.h"

#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

constexpr std::int64_t kDraws = 100'000;

std::vector<std::size_t> draws(const RandomKey& key, const std::vector<double>& shares) {
  std::vector<std::size_t> drawn;
  for (std::int64_t step = 0; step < kDraws; ++step) drawn.push_back(drawn_task(key, step, shares));
  return drawn;
}

TEST_CASE("tasks are drawn with their probabilities", "[core][train]") {
  const auto shares = GENERATE(std::vector<double>{0.5, 0.3, 0.15, 0.05},
                               sampling_shares({400'000, 90'000, 10'000, 2'500}, 100'000, 1));
  std::vector<double> counts(shares.size(), 0);
  for (const std::size_t task : draws({1, 0, 0}, shares)) ++counts.at(task);
  double chi_square = 0;
  for (std::size_t task = 0; task < shares.size(); ++task) {
    const double expected = shares[task] * kDraws;
    chi_square += (counts[task] - expected) * (counts[task] - expected) / expected;
  }
  CHECK(chi_square < 16.27);  // 3 degrees of freedom: exceeded once in a thousand keys
}

TEST_CASE("draws follow from seed, role and step", "[core][train]") {
  const std::vector<double> shares{0.5, 0.5};
  const auto drawn = draws({1, 0, 0}, shares);
  CHECK(drawn == draws({1, 0, 0}, shares));
  CHECK(drawn != draws({2, 0, 0}, shares));
  CHECK(drawn != draws({1, 1, 0}, shares));
}

TEST_CASE("a task of share 0 changes no draw", "[core][train]") {
  CHECK(draws({1, 0, 0}, {0.7, 0.3}) == draws({1, 0, 0}, {0.7, 0.3, 0}));
  // Nor does a sum that rounding left below 1 bring it in.
  CHECK(draws({1, 0, 0}, {0.7, 0.2, 0}) == draws({1, 0, 0}, {0.7, 0.3, 0}));
}

TEST_CASE("shares are in proportion to size, up to a cap and to a power", "[core][train]") {
  const std::vector<std::int64_t> sizes{100, 300, 600};
  CHECK_THAT(sampling_shares(sizes, {}, 1), Catch::Approx(std::vector<double>{0.1, 0.3, 0.6}));
  CHECK_THAT(sampling_shares(sizes, 300, 1),
             Catch::Approx(std::vector<double>{1 / 7.0, 3 / 7.0, 3 / 7.0}));
  CHECK_THAT(sampling_shares({100, 400}, {}, 0.5),
             Catch::Approx(std::vector<double>{1 / 3.0, 2 / 3.0}));
  CHECK_THAT(sampling_shares(sizes, {}, 0), Catch::Approx(std::vector<double>(3, 1 / 3.0)));
  CHECK_THAT(sampling_shares(std::vector<double>{1, 3, 0}),
             Catch::Approx(std::vector<double>{0.25, 0.75, 0}));
}

TEST_CASE("a stage has the steps of its tasks' epochs", "[core][train]") {
  const TaskEpochs first{33, 32, 2};       // 2 batches
  const TaskEpochs second{100, 10, 0.25};  // 10 batches
  CHECK(stage_steps(StepTasks::kDrawn, {first}) == 4);
  CHECK(stage_steps(StepTasks::kDrawn, {first, second}) == 4 + 3);
  CHECK(stage_steps(StepTasks::kAll, {first, second}) == 4);
  CHECK(stage_steps(StepTasks::kDrawn, {{10, 10, 0.01}}) == 1);
}

}  // namespace
}  // namespace sojourn
