#include "core/eval/exact_search.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"
#include "core/base/philox.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// Side 0 holds features 0 and 2, side 1 the others.
ExactSearch three_against_two() {
  const auto vectors =
      at::tensor({1.F, 0.F, 10.F, 1.F, 0.F, 2.F, 1.F, 1.F, -3.F, 0.F}).view({5, 2});
  return {vectors, {0, 1, 0, 1, 1}};
}

TEST_CASE("neighbours come by falling cosine, whatever the lengths of the vectors",
          "[core][eval]") {
  const auto search = three_against_two();
  REQUIRE(search.count(0) == 2);
  REQUIRE(search.count(1) == 3);
  const auto found = search.neighbours(0, 1, 2);
  // (1, 0) against (10, 1), (1, 1), (-3, 0); (0, 2) against the same.
  CHECK(found.index == std::vector<std::int64_t>{0, 1, 1, 0});
  CHECK(found.cosine[0] == Approx(10 / std::sqrt(101.0)));
  CHECK(found.cosine[1] == Approx(std::sqrt(0.5)));
}

TEST_CASE("ties go to the lower index, and k to what there is", "[core][eval]") {
  const auto vectors = at::tensor({1.F, 0.F, 0.F, 5.F, 2.F, 0.F, 3.F, 0.F}).view({4, 2});
  const auto found = ExactSearch(vectors, {0, 1, 1, 1}).neighbours(0, 1, 10);
  CHECK(found.index == std::vector<std::int64_t>{1, 2, 0});
}

// By sorting whole rows, in double precision; `numbers` holds rows of four.
std::vector<std::int64_t> sorted_neighbours(const std::vector<float>& numbers, std::size_t from,
                                            std::size_t k) {
  const std::size_t rows = numbers.size() / 4;
  const auto dot = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i)
      sum += static_cast<double>(numbers[4 * a + i]) * static_cast<double>(numbers[4 * b + i]);
    return sum;
  };
  std::vector<std::int64_t> found;
  for (std::size_t query = 0; query < from; ++query) {
    std::vector<std::size_t> order(rows - from);
    std::iota(order.begin(), order.end(), from);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return dot(query, a) > dot(query, b); });
    for (std::size_t i = 0; i < k; ++i) found.push_back(static_cast<std::int64_t>(order[i] - from));
  }
  return found;
}

// Vectors of length 2 from the numbers 1 and -1, which float32 holds exactly: 5 cosines, most tied.
TEST_CASE("the search finds what sorting whole rows finds, over several tiles", "[core][eval]") {
  constexpr std::size_t kFrom = 700;
  constexpr std::size_t kTo = 90;
  const Philox random({7, 0, 0}, "signs");
  std::vector<float> numbers(4 * (kFrom + kTo));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = (random(i)[0] & 1U) != 0 ? 1.F : -1.F;
  std::vector<std::int64_t> side(kFrom, 0);
  side.resize(kFrom + kTo, 1);
  const ExactSearch search(at::tensor(numbers).view({-1, 4}), side);
  const std::size_t k = GENERATE(1U, 4U, 7U, 90U);
  CAPTURE(k);
  CHECK(search.neighbours(0, 1, static_cast<std::int64_t>(k)).index ==
        sorted_neighbours(numbers, kFrom, k));
}

// Side 0: e1 and a vector near it; side 1: a hub near all, e1, and one that is far.
ExactSearch with_a_hub() {
  const auto vectors = at::tensor({1.F, 0.F, 0.F, 1.F, 0.8F, 0.6F, 1.F, 0.F, -1.F, -1.F});
  return {vectors.view({5, 2}), {0, 0, 1, 1, 1}};
}

TEST_CASE("CSLS takes off what a vector's neighbourhood is near to anyway", "[core][eval]") {
  const auto search = with_a_hub();
  // Cosines of e1 with side 1: 0.8, 1, -0.707; of e2: 0.6, 0, -0.707. Mean of the two nearest: of
  // e1 0.9, of e2 0.3; of side 1: 0.7, 0.5, -0.707.
  const auto found = search.csls(0, 1, 2, 3);
  CHECK(found.index == std::vector<std::int64_t>{1, 0, 2, 0, 1, 2});
  const double far = std::sqrt(0.5);
  const std::vector<double> scores{0.6, 0, -far - 0.9, 0.2, -0.8, -far - 0.3};
  for (std::size_t i = 0; i < scores.size(); ++i)
    CHECK(found.cosine[i] == Approx(scores[i]).margin(1e-6));
  // A neighbourhood is cut to what is there.
  CHECK(search.csls(0, 1, 50, 1).index == search.csls(0, 1, 3, 1).index);
}

TEST_CASE("ranks count what is nearer, and equals of a lower index", "[core][eval]") {
  const auto vectors = at::tensor({1.F, 0.F, 0.F, 1.F, 2.F, 0.F, 3.F, 0.F, 0.F, -1.F}).view({5, 2});
  const ExactSearch search(vectors, {0, 1, 1, 1, 1});
  const std::vector<std::int64_t> rows{0, 0, 0, 0};
  const std::vector<std::int64_t> targets{0, 1, 2, 3};  // cosines 0, 1, 1, 0
  const auto found = search.ranks(0, 1, rows, targets);
  CHECK(found.rank == std::vector<std::int64_t>{3, 1, 2, 4});
  CHECK(found.cosine == std::vector<float>{0, 1, 1, 0});
  CHECK(search.ranks(0, 1, {}, {}).rank.empty());
}

TEST_CASE("mean_cosines are over a whole side, over several tiles", "[core][eval]") {
  std::vector<std::int64_t> side(600, 0);
  side.push_back(1);
  side.push_back(1);
  auto numbers = random_normal({7, 0, 0}, "vectors", 2408);
  const ExactSearch search(at::tensor(numbers).view({-1, 4}), side);
  const auto across = search.mean_cosines(0, 1);
  const auto both = search.neighbours(0, 1, 2);
  REQUIRE(across.size() == 600);
  for (const std::size_t i : {0U, 511U, 512U, 599U})
    CHECK(across[i] == Approx((both.cosine[2 * i] + both.cosine[2 * i + 1]) / 2).margin(1e-6));
  const auto within = search.mean_cosines(1, 1);
  CHECK(within[0] == Approx((1 + search.neighbours(1, 1, 2).cosine[1]) / 2).margin(1e-6));
}

TEST_CASE("a vector that isn't finite has no neighbours", "[core][eval]") {
  const float wrong =
      GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity());
  const auto vectors = at::tensor({1.F, 0.F, wrong, 1.F}).view({2, 2});
  CHECK_THROWS_WITH(ExactSearch(vectors, {0, 1}), Catch::Contains("isn't finite"));
}

TEST_CASE("a side that isn't there is an error", "[core][eval]") {
  CHECK_THROWS_AS(three_against_two().count(2), Error);
}

}  // namespace
}  // namespace sojourn
