#include "core/base/philox.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("philox gives the known answers of Random123", "[core][base]") {
  // kat_vectors of Random123, philox4x32 with 10 rounds.
  CHECK(philox_rounds({0, 0, 0, 0}, 0, 0) ==
        Philox::Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox_rounds({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffff, 0xffffffff) ==
        Philox::Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox_rounds({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Philox::Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("every part of the key changes the numbers", "[core][base]") {
  const auto first = [](RandomKey key, const char* stream) { return Philox(key, stream)(0); };
  const std::set<Philox::Block> all = {first({1, 0, 0}, "a"), first({2, 0, 0}, "a"),
                                       first({1, 1, 0}, "a"), first({1, 0, 1}, "a"),
                                       first({1, 0, 0}, "b")};
  CHECK(all.size() == 5);
  CHECK(first({1, 0, 0}, "a") == first({1, 0, 0}, "a"));
}

TEST_CASE("a permutation holds every index once and is not the identity", "[core][base]") {
  auto order = random_permutation({7, 0, 3}, "order", 1000);
  CHECK(order != random_permutation({7, 0, 4}, "order", 1000));
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(order == expected);
}

TEST_CASE("normal numbers have mean 0 and deviation 1", "[core][base]") {
  const auto values = random_normal({1, 0, 0}, "init", 100001);
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const double value : values) square += value * value;
  CHECK(mean == Approx(0).margin(0.015));  // 4.7 standard errors
  CHECK(std::sqrt(square / n) == Approx(1).margin(0.01));
}

}  // namespace
}  // namespace sojourn
