#include "core/model/packing.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// [B, T, 2]: place (row, column) holds 100 * row + column + 1 and its negative.
at::Tensor numbered(const std::vector<std::int64_t>& lengths, std::int64_t width) {
  const auto rows = static_cast<std::int64_t>(lengths.size());
  const auto places = at::arange(rows).unsqueeze(1) * 100 + at::arange(width) + 1;
  const auto kept = at::arange(width).lt(at::tensor(lengths, at::kLong).unsqueeze(1));
  const auto one = (places * kept).to(at::kFloat).unsqueeze(2);
  return one * at::tensor({1.F, -1.F});
}

TEST_CASE("packing drops the padding, and unpacking puts zeros there", "[core][model]") {
  const std::vector<std::int64_t> lengths{3, 1, 2};
  const Packing packing(lengths, 4, at::kCPU);
  const auto padded = numbered(lengths, 4);
  const auto packed = packing.pack(padded + padded.eq(0) * 7);
  CHECK(at::equal(packed.select(1, 0), at::tensor({1.F, 2.F, 3.F, 101.F, 201.F, 202.F})));
  CHECK(at::equal(packing.unpack(packed), padded));
  CHECK(at::equal(packing.columns(), at::tensor({0, 1, 2, 0, 0, 1}, at::kLong)));
  CHECK(at::equal(packing.tokens(),
                  at::tensor({0, 1, 2, 65536, 2 * 65536, 2 * 65536 + 1}, at::kLong)));
}

TEST_CASE("rows that fill the width are packed as they lie", "[core][model]") {
  const std::vector<std::int64_t> lengths{4, 4};
  const Packing packing(lengths, 4, at::kCPU);
  REQUIRE(packing.groups().size() == 1);
  CHECK_FALSE(packing.groups()[0].bias.defined());
  CHECK(at::equal(packing.unpack(packing.pack(numbered(lengths, 4))), numbered(lengths, 4)));
}

TEST_CASE("groups cover each token once, in order, and none is mostly padding", "[core][model]") {
  std::vector<std::int64_t> lengths(16, 96);
  lengths.insert(lengths.end(), 8, 70);
  lengths.insert(lengths.end(), 20, 15);
  const Packing packing(lengths, 128, at::kCPU);
  std::int64_t row = 0;
  std::int64_t token = 0;
  for (const RowGroup& group : packing.groups()) {
    CHECK(group.first_row == row);
    CHECK(group.first_token == token);
    CHECK(group.tokens * 4 >= group.rows * group.width * 3);
    const auto part = packing.tokens().narrow(0, token, group.tokens).unsqueeze(1).to(at::kFloat);
    CHECK(at::equal(group.pack(group.unpack(part)), part));
    row += group.rows;
    token += group.tokens;
  }
  CHECK(packing.groups().size() == 3);
  CHECK(row == 44);
  CHECK(token == packing.tokens().size(0));
}

TEST_CASE("attention may not look at a group's padding", "[core][model]") {
  const Packing packing({3, 2}, 3, at::kCPU);
  REQUIRE(packing.groups().size() == 1);
  const auto bias = packing.groups()[0].bias;
  REQUIRE(bias.sizes() == at::IntArrayRef({2, 1, 1, 3}));
  CHECK(at::equal(bias.isinf().flatten().to(at::kLong), at::tensor({0, 0, 0, 0, 0, 1}, at::kLong)));
}

}  // namespace
}  // namespace sojourn
