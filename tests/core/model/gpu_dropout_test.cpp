#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include "core/model/dropout.h"
#include "tests/support/gpu.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

at::Tensor numbered(const std::vector<std::int64_t>& sizes, at::ScalarType type = at::kFloat) {
  std::int64_t n = 1;
  for (const auto size : sizes) n *= size;
  return (at::arange(n).to(at::kFloat) * 0.37F).sin().view(sizes).to(type);
}

void check_like_on_cpu(const at::Tensor& x, const at::Tensor& tokens = {}) {
  const DropoutMask mask(0.3, {{1, 2, 3}, "site", 5});
  const auto there = x.to(at::kCUDA).requires_grad_();
  const auto dropped = dropout(there, mask, tokens.defined() ? tokens.to(at::kCUDA) : at::Tensor());
  const auto expected = dropout(x, mask, tokens);
  CHECK(dropped.scalar_type() == x.scalar_type());
  CHECK(at::equal(dropped.detach().to(at::kCPU), expected));
  dropped.sum().backward();
  CHECK(at::equal(there.grad().to(at::kCPU).ne(0), expected.ne(0)));
}

TEST_CASE("a GPU drops what the CPU drops, bit for bit", "[core][model][gpu]") {
  if (gpu_is_missing()) return;
  for (const std::vector<std::int64_t>& sizes :
       {std::vector<std::int64_t>{200}, {7, 130}, {3, 5, 64}, {2, 3, 9, 70}, {0, 8}}) {
    INFO("dimensions: " << sizes.size());
    check_like_on_cpu(numbered(sizes) + 2);
    check_like_on_cpu(numbered(sizes, at::kBFloat16) + 2);
  }
  // As attention has it: not in the order of its memory.
  check_like_on_cpu((numbered({2, 9, 3, 70}) + 2).transpose(1, 2));
  const auto tokens = at::tensor({0, 1, 65536, 65537, 3 * 65536 + 300}, at::kLong);
  check_like_on_cpu(numbered({5, 96}) + 2, tokens);
}

}  // namespace
}  // namespace sojourn
