#include "core/train/adamw.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "core/model/word_embeddings.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

at::Tensor leaf(const at::Tensor& value) { return value.clone().requires_grad_(); }

TEST_CASE("the first step moves by the rate against the gradient's sign", "[core][train]") {
  const auto value = leaf(at::zeros({2}));
  AdamW optimizer({{"w", value, false}}, {});
  value.mutable_grad() = at::full({2}, 0.01);
  optimizer.step(0.1, 1);
  // With bias correction the first update is rate * g / (|g| + eps).
  CHECK(at::allclose(value, at::full({2}, -0.1), 1e-5));
}

TEST_CASE("the gradient of a summed loss is divided by its items, then clipped as a whole",
          "[core][train]") {
  const auto a = leaf(at::zeros({1}));
  const auto b = leaf(at::zeros({1}));
  AdamWSettings settings;
  settings.epsilon = 1.0;  // so that the size of the gradient shows in the step
  AdamW optimizer({{"a", a, true}, {"b.bias", b, false}}, settings);
  a.mutable_grad() = at::full({1}, 30.0);
  b.mutable_grad() = at::full({1}, 40.0);
  CHECK(optimizer.step(1.0, 5) == Approx(10));  // norm of (6, 8)
  // Clipped to norm 1: (0.6, 0.8), and a step of g / (|g| + 1).
  CHECK(a.item<double>() == Approx(-0.6 / 1.6).epsilon(1e-5));
  CHECK(b.item<double>() == Approx(-0.8 / 1.8).epsilon(1e-5));
}

TEST_CASE("a gradient that isn't finite updates nothing", "[core][train]") {
  const auto value = leaf(at::ones({2}));
  AdamW optimizer({{"w", value, true}}, {});
  value.mutable_grad() = at::full({2}, std::numeric_limits<float>::quiet_NaN());
  CHECK_FALSE(std::isfinite(optimizer.step(0.1, 1)));
  CHECK(at::equal(value, at::ones({2})));
}

TEST_CASE("training the rows in use equals dense AdamW over the whole vocabulary",
          "[core][train]") {
  constexpr std::int64_t kRows = 50;
  const auto table = (at::arange(kRows * 4).to(at::kFloat) * 0.37F).sin().view({kRows, 4});
  const std::vector<std::int64_t> used{3, 7, 20, 49};
  const auto ids = at::tensor(used, at::kLong).view({1, 4});
  const auto factor = at::arange(1, 5).to(at::kFloat).view({1, 4, 1});
  AdamWSettings settings;
  settings.weight_decay = 0.1;
  settings.max_grad_norm = 1e9;  // the two norms round differently, so clipping would too

  const auto dense = leaf(table);
  AdamW dense_optimizer({{"w", dense, true}}, settings);
  WordEmbeddings sparse(table);
  const Parameter active = sparse.begin_training(used);
  AdamW sparse_optimizer({active}, settings);
  for (int step = 0; step < 20; ++step) {
    const double rate = 0.01 * (20 - step);
    // The last row of `used` gets no gradient after a while: its moments still move it.
    const auto pick = step < 10 ? ids : ids.slice(1, 0, 3);
    const auto weight = step < 10 ? factor : factor.slice(1, 0, 3);
    (dense.index_select(0, pick.flatten()).view({1, -1, 4}) * weight).pow(2).sum().backward();
    (sparse.lookup(pick) * weight).pow(2).sum().backward();
    CHECK(dense_optimizer.step(rate, 1) == Approx(sparse_optimizer.step(rate, 1)).epsilon(1e-6));
  }
  sparse.end_training(sparse_optimizer.untouched_factor());

  const auto trained = sparse.table();
  const auto rows = at::tensor(used, at::kLong);
  CHECK(at::equal(trained.index_select(0, rows),
                  dense.detach().index_select(0, rows)));  // bit for bit
  // The others: 20 roundings against one.
  CHECK(at::allclose(trained, dense.detach(), /*rtol=*/20 * 6e-8, /*atol=*/0));
  CHECK_FALSE(at::allclose(trained, table, 1e-3));
}

}  // namespace
}  // namespace sojourn
