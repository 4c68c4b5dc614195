#include "core/eval/exact_search.h"

#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"

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

TEST_CASE("a side that isn't there is an error", "[core][eval]") {
  CHECK_THROWS_AS(three_against_two().count(2), Error);
}

}  // namespace
}  // namespace sojourn
