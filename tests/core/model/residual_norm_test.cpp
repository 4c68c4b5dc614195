#include "core/model/residual_norm.h"

#include <functional>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/from_blob.h>

#include "tests/support/threads.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

constexpr double kEps = 1e-12;

at::Tensor random(const std::vector<std::int64_t>& sizes, const char* stream, double scale = 1) {
  std::int64_t n = 1;
  for (const auto size : sizes) n *= size;
  auto numbers = random_normal({7, 0, 0}, stream, n);
  return at::from_blob(numbers.data(), sizes, at::kFloat).clone().mul_(scale);
}

struct Inputs {
  at::Tensor residual, x, weight, bias, for_value, for_product;

  explicit Inputs(const std::vector<std::int64_t>& sizes, at::ScalarType dtype = at::kFloat)
      : residual(random(sizes, "residual").requires_grad_()),
        x(random(sizes, "x").to(dtype).requires_grad_()),
        weight(random({sizes.back()}, "weight").requires_grad_()),
        bias(random({sizes.back()}, "bias").requires_grad_()),
        for_value(random(sizes, "value")),
        for_product(random(sizes, "product").to(dtype)) {}
};

using Path = std::function<Hidden(const at::Tensor&, const at::Tensor&, const ResidualNorm&)>;

// Outputs, then the gradients of all inputs.
std::vector<at::Tensor> run(const Path& path, const Inputs& in, bool use_product, double p) {
  for (const auto& tensor : {in.residual, in.x, in.weight, in.bias}) tensor.mutable_grad().reset();
  // Every other token of rows of 40, as if the rest were padding.
  const auto line = at::arange(in.x.size(0), at::kLong) * 2;
  const auto tokens = line.div(40, "floor") * 65536 + line.remainder(40);
  ResidualNorm norm{in.weight, in.bias, kEps, {}, tokens};
  if (p > 0) norm.mask.emplace(p, DropoutKey{{1, 0, 5}, "site", 3});
  const Hidden out = path(in.residual, in.x, norm);
  auto loss = (out.value * in.for_value).sum();
  if (use_product) loss = loss + (out.product * in.for_product).sum(at::kFloat);
  loss.backward();
  return {out.value,   out.product,      in.residual.grad(),
          in.x.grad(), in.weight.grad(), in.bias.grad()};
}

// The separate operators in float32 throughout, which is what the one pass computes in.
Hidden reference(const at::Tensor& residual, const at::Tensor& x, const ResidualNorm& norm) {
  return plain_residual_norm(residual, x.to(at::kFloat), norm);
}

void check_paths_agree(const Inputs& in, bool use_product, double p) {
  const auto fast = run(residual_norm, in, use_product, p);
  const auto slow = run(reference, in, use_product, p);
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO("tensor " << i);
    const bool rounded = fast[i].scalar_type() == at::kBFloat16;  // to 8 bits
    const double tolerance = rounded ? 1.0 / 256 : 2e-5;
    CHECK(at::allclose(fast[i].to(at::kFloat), slow[i].to(at::kFloat), tolerance, tolerance));
  }
}

TEST_CASE("dropout, residual and norm in one pass are the separate operators", "[core][model]") {
  for (const std::vector<std::int64_t>& sizes :
       {std::vector<std::int64_t>{15, 64}, {80, 100}, {1, 7}, {132, 384}}) {
    for (const double p : {0.0, 0.1}) {
      INFO("width " << sizes.back() << ", p " << p);
      check_paths_agree(Inputs(sizes), false, p);
      check_paths_agree(Inputs(sizes, at::kBFloat16), true, p);
      check_paths_agree(Inputs(sizes, at::kBFloat16), false, p);
    }
  }
}

TEST_CASE("its gradients don't depend on the number of threads", "[core][model]") {
  const Inputs in({132, 384}, at::kBFloat16);
  const auto run_on = [&](int count) {
    const Threads threads(count);
    return run(residual_norm, in, true, 0.1);
  };
  const auto one = run_on(1);
  const auto two = run_on(2);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(at::equal(one[i], two[i]));
}

TEST_CASE("a loss that isn't a number stays one in bfloat16", "[core][model]") {
  Inputs in({2, 64}, at::kBFloat16);
  in.for_value.fill_(std::numeric_limits<float>::quiet_NaN());
  CHECK(run(residual_norm, in, false, 0.0)[3].isnan().all().item<bool>());
}

}  // namespace
}  // namespace sojourn
