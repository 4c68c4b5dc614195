#include "core/model/cross_entropy.h"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

at::Tensor logits_of(std::int64_t rows, std::int64_t classes) {
  const auto index = at::arange(rows * classes, at::kDouble).view({rows, classes});
  return (at::sin(index * 12.9898) * 3).to(at::kFloat);
}

at::Tensor plain(const at::Tensor& input, const at::Tensor& target) {
  return at::cross_entropy_loss(input, target, /*weight=*/{}, at::Reduction::Sum, -100);
}

TEST_CASE("cross-entropy over a vocabulary is that of torch, with its gradient", "[core][model]") {
  constexpr std::int64_t kRows = 20;  // more than are wide numbers at once
  constexpr std::int64_t kClasses = 250002;
  const auto target = at::arange(kRows, at::kLong) * 12345;
  target[3] = -100;
  const auto expected_input = logits_of(kRows, kClasses).requires_grad_();
  const auto input = logits_of(kRows, kClasses).requires_grad_();
  const auto expected = plain(expected_input, target);
  const auto loss = cross_entropy(input, target);
  CHECK(loss.scalar_type() == at::kFloat);
  CHECK(loss.dim() == 0);
  CHECK(loss.item<float>() == Approx(expected.item<float>()).epsilon(1e-5));
  (expected * 2).backward();
  (loss * 2).backward();
  CHECK(at::allclose(input.grad(), expected_input.grad(), 1e-4, 1e-9));
  CHECK(input.grad()[3].abs().max().item<float>() == 0);
}

TEST_CASE("cross-entropy of bfloat16 is computed in float32", "[core][model]") {
  const auto narrow = logits_of(7, 300).to(at::kBFloat16);
  const auto target = at::arange(7, at::kLong);
  const auto wide = narrow.to(at::kFloat).requires_grad_();
  const auto input = narrow.clone().requires_grad_();
  const auto loss = cross_entropy(input, target);
  const auto expected = plain(wide, target);
  CHECK(loss.item<float>() == Approx(expected.item<float>()).epsilon(1e-6));
  loss.backward();
  expected.backward();
  CHECK(input.grad().scalar_type() == at::kBFloat16);
  CHECK(at::equal(input.grad(), wide.grad().to(at::kBFloat16)));
}

TEST_CASE("cross-entropy takes classes that can't be, and rows that don't count", "[core][model]") {
  const float none = -std::numeric_limits<float>::infinity();
  const auto input =
      at::tensor(std::vector<float>{1, none, 0, none, none, none}).view({2, 3}).requires_grad_();
  const auto target = at::tensor(std::vector<std::int64_t>{2, -100});
  const auto loss = cross_entropy(input, target);
  CHECK(loss.item<double>() == Approx(std::log(1 + std::exp(1.0))));
  loss.backward();
  CHECK(input.grad()[0][1].item<float>() == 0);
  CHECK(input.grad()[1].abs().max().item<float>() == 0);
}

TEST_CASE("cross-entropy of nothing is 0, with a gradient of nothing", "[core][model]") {
  const auto input = at::empty({0, 5}).requires_grad_();
  const auto loss = cross_entropy(input, at::empty({0}, at::kLong));
  CHECK(loss.item<float>() == 0);
  loss.backward();
  CHECK(input.grad().sizes() == at::IntArrayRef({0, 5}));
}

TEST_CASE("cross-entropy refuses a target that is no class", "[core][model]") {
  for (const std::int64_t target : {5, -1})
    CHECK_THROWS_AS(cross_entropy(logits_of(1, 5), at::tensor({target}, at::kLong)), c10::Error);
}

}  // namespace
}  // namespace sojourn
