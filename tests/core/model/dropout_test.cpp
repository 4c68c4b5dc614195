#include "core/model/dropout.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

const DropoutKey kKey{{1, 0, 5}, "site", 0};

TEST_CASE("dropout keeps a share of 1 - p and the expected value", "[core][model]") {
  const auto y = dropout(at::ones({64, 100, 160}), 0.1, kKey);
  const double kept = y.ne(0).to(at::kDouble).mean().item<double>();
  CHECK(kept == Approx(0.9).margin(0.0015));  // 5 standard errors of a million draws
  CHECK(y.mean().item<double>() == Approx(1).margin(0.0017));
  CHECK(y.max().item<double>() == Approx(1 / 0.9).epsilon(1e-5));
}

TEST_CASE("the mask of a row is the same in any micro-batch and under any padding",
          "[core][model]") {
  const auto whole = dropout(at::ones({8, 12, 70}), 0.3, kKey);
  const auto first = dropout(at::ones({3, 12, 70}), 0.3, kKey);
  DropoutKey later = kKey;
  later.first_row = 3;
  const auto rest = dropout(at::ones({5, 12, 70}), 0.3, later);
  CHECK(at::equal(whole, at::cat({first, rest})));
  CHECK(at::equal(whole.slice(1, 0, 9), dropout(at::ones({8, 9, 70}), 0.3, kKey)));
  // Attention: fewer queries and keys of the same heads.
  const auto scores = dropout(at::ones({2, 4, 20, 20}), 0.3, kKey);
  CHECK(at::equal(scores.slice(2, 0, 13).slice(3, 0, 13),
                  dropout(at::ones({2, 4, 13, 13}), 0.3, kKey)));
}

TEST_CASE("rows, lines, steps and streams have masks of their own", "[core][model]") {
  const auto y = dropout(at::ones({2, 2, 640}), 0.5, kKey);
  CHECK_FALSE(at::equal(y[0], y[1]));
  CHECK_FALSE(at::equal(y[0][0], y[0][1]));
  CHECK_FALSE(at::equal(y, dropout(at::ones({2, 2, 640}), 0.5, {{1, 0, 6}, "site", 0})));
  CHECK_FALSE(at::equal(y, dropout(at::ones({2, 2, 640}), 0.5, {{1, 0, 5}, "other", 0})));
}

TEST_CASE("the gradient goes through what was kept, scaled like it", "[core][model]") {
  const auto x = at::full({4, 65}, 2.0).requires_grad_();
  const auto y = dropout(x, 0.4, kKey);
  y.sum().backward();
  CHECK(at::equal(x.grad() * 2, y.detach()));
}

TEST_CASE("bfloat16 has the mask of float32", "[core][model]") {
  const auto wide = dropout(at::ones({4, 65}), 0.4, kKey);
  const auto narrow = dropout(at::ones({4, 65}, at::kBFloat16), 0.4, kKey);
  CHECK(at::equal(wide.ne(0), narrow.ne(0)));
}

}  // namespace
}  // namespace sojourn
