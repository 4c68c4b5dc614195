#include "plugins/op_table.h"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include "plugins/context.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

at::Tensor matrix(const std::vector<float>& numbers, const std::vector<std::int64_t>& shape) {
  return at::tensor(numbers).view(shape);
}

at::Tensor call(const char* signature, std::vector<OpValue> values, bool training = false) {
  const OpContext context{training, [] { return DropoutKey{{1, 0, 0}, "test", 0}; }};
  return call_op(bind_op(signature), values, context);
}

TEST_CASE("linear is x W^T + b, with arguments in the order of the signature", "[plugins][ops]") {
  const auto x = matrix({1, 2}, {1, 2});
  const auto w = matrix({3, 4, 5, 6}, {2, 2});
  const auto b = matrix({10, 20}, {2});
  CHECK(at::equal(call("core1::linear(input,weight,bias)", {x, w, b}), matrix({21, 37}, {1, 2})));
  CHECK(at::equal(call("core1::linear(bias,weight,input)", {b, w, x}), matrix({21, 37}, {1, 2})));
  CHECK(at::equal(call("core1::linear(input,weight)", {x, w}), matrix({11, 17}, {1, 2})));
}

TEST_CASE("cross_entropy sums over the items that aren't -100, in float32", "[plugins][ops]") {
  const auto logits = matrix({1, 1, 5, 0, 2, 2}, {3, 2});
  const auto loss =
      call("core1::cross_entropy(input,target)",
           {logits.to(at::kBFloat16), at::tensor(std::vector<std::int64_t>{0, -100, 1})});
  CHECK(loss.scalar_type() == at::kFloat);
  CHECK(loss.dim() == 0);
  CHECK(loss.item<float>() == Approx(2 * std::log(2.0)));
  const auto tokens = call(
      "core1::cross_entropy(input,target)",
      {logits.view({1, 3, 2}), at::tensor(std::vector<std::int64_t>{0, -100, 1}).view({1, 3})});
  CHECK(tokens.item<float>() == Approx(2 * std::log(2.0)));
}

TEST_CASE("select takes one index of a dimension, tanh is tanh", "[plugins][ops]") {
  const auto x = matrix({1, 2, 3, 4}, {1, 2, 2});
  CHECK(at::equal(call("core1::select(input,dim,index)", {x, std::int64_t{1}, std::int64_t{0}}),
                  matrix({1, 2}, {1, 2})));
  CHECK(call("core1::tanh(input)", {matrix({0.5F}, {1})}).item<float>() == Approx(std::tanh(0.5)));
}

TEST_CASE("linear computes in the type of the weight", "[plugins][ops]") {
  const auto x = matrix({1, 2.001F}, {1, 2}).requires_grad_();
  const auto w = matrix({3, 4, 5, 6}, {2, 2}).to(at::kBFloat16);
  const auto y = call("core1::linear(input,weight,bias)", {x, w, matrix({10, 20}, {2})});
  CHECK(y.scalar_type() == at::kBFloat16);
  CHECK(at::equal(y.to(at::kFloat), matrix({21, 37}, {1, 2})));
  y.sum().backward();
  CHECK(at::equal(x.grad(), matrix({8, 10}, {1, 2})));
}

TEST_CASE("gelu is x times the normal distribution's share below x", "[plugins][ops]") {
  const auto x = matrix({-1.5F, 0, 0.7F}, {3}).requires_grad_();
  const auto y = call("core1::gelu(input)", {x});
  y.sum().backward();
  for (std::int64_t i = 0; i < 3; ++i) {
    const double v = x[i].item<double>();
    const double share = 0.5 * (1 + std::erf(v / std::sqrt(2.0)));
    const double density = std::exp(-v * v / 2) / std::sqrt(2 * M_PI);
    CHECK(y[i].item<double>() == Approx(v * share).margin(1e-7));
    CHECK(x.grad()[i].item<double>() == Approx(share + v * density).margin(1e-6));
  }
}

TEST_CASE("layer_norm has mean 0 and variance 1 before weight and bias", "[plugins][ops]") {
  const auto x = matrix({1, 3, -2, 2}, {2, 2}).requires_grad_();
  const auto w = matrix({2, 3}, {2}).requires_grad_();
  const auto b = matrix({10, 20}, {2}).requires_grad_();
  const auto exact = call("core1::layer_norm(input,weight,bias,eps)", {x, w, b, 0.0});
  CHECK(at::allclose(exact, matrix({8, 23, 8, 23}, {2, 2})));
  const auto y = call("core1::layer_norm(input,weight,bias)", {x, w, b});
  const double row = 1 / std::sqrt(1 + 1e-5);  // of variance 1
  CHECK(y[0][0].item<double>() == Approx(10 - 2 * row).epsilon(1e-7));
  y.select(1, 1).sum().backward();
  CHECK(at::allclose(w.grad(), matrix({0, 2}, {2}), 1e-4));
  CHECK(at::allclose(b.grad(), matrix({0, 2}, {2})));
  CHECK(x.grad().sum(1).abs().max().item<float>() < 1e-6);  // what all share is taken out
}

TEST_CASE("gather_rows takes what has a target, in its order, and so do gradients",
          "[plugins][ops]") {
  const auto x = matrix({1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 2}).requires_grad_();
  const auto target = at::tensor(std::vector<std::int64_t>{-100, 0, 7, -100}).view({2, 2});
  const auto rows = call("core1::gather_rows(input,target)", {x, target});
  CHECK(at::equal(rows, matrix({3, 4, 5, 6}, {2, 2})));
  rows.sum().backward();
  CHECK(at::equal(x.grad(), matrix({0, 0, 1, 1, 1, 1, 0, 0}, {2, 2, 2})));
  CHECK(at::equal(call("core1::gather_rows(input,target)", {target, target}),
                  at::tensor(std::vector<std::int64_t>{0, 7})));
  CHECK(
      call("core1::gather_rows(input,target,ignore_index)", {x, target, std::int64_t{0}}).sizes() ==
      at::IntArrayRef({3, 2}));
  const auto none = at::tensor(std::vector<std::int64_t>{-100, -100, -100, -100}).view({2, 2});
  CHECK(call("core1::gather_rows(input,target)", {x, none}).sizes() == at::IntArrayRef({0, 2}));
}

TEST_CASE("transpose exchanges two dimensions", "[plugins][ops]") {
  const auto x = matrix({1, 2, 3, 4}, {1, 2, 2});
  CHECK(at::equal(call("core1::transpose(input,dim0,dim1)", {x, std::int64_t{1}, std::int64_t{2}}),
                  matrix({1, 3, 2, 4}, {1, 2, 2})));
}

TEST_CASE("mask puts minus infinity where the mask is 0, and no gradient comes from there",
          "[plugins][ops]") {
  const auto x = matrix({1, 2, 3, 4}, {1, 2, 2}).requires_grad_();
  const auto mask = at::tensor(std::vector<std::int64_t>{1, 0}).view({1, 2});
  const auto masked = call("core1::mask(input,mask)", {x, mask});
  const float none = -std::numeric_limits<float>::infinity();
  CHECK(at::equal(masked, matrix({1, 2, none, none}, {1, 2, 2})));
  masked.exp().sum().backward();
  CHECK(x.grad()[0][1].abs().sum().item<float>() == 0);
  CHECK(x.grad()[0][0].min().item<float>() > 0);
}

TEST_CASE("dropout is the identity outside of training", "[plugins][ops]") {
  const auto x = at::ones({8, 64});
  CHECK(at::equal(call("core1::dropout(input,p)", {x, 0.5}), x));
  const auto dropped = call("core1::dropout(input,p)", {x, 0.5}, /*training=*/true);
  CHECK(!at::equal(dropped, x));
  CHECK(dropped.sum().item<float>() == Approx(8 * 64).epsilon(0.2));
  CHECK(at::equal(dropped, call("core1::dropout(input,p)", {x, 0.5}, /*training=*/true)));
}

at::Tensor whole(const std::vector<std::int64_t>& numbers, const std::vector<std::int64_t>& shape) {
  return at::tensor(numbers).view(shape);
}

TEST_CASE("normalize gives rows of length 1, and nothing for a row of zeros", "[plugins][ops]") {
  const auto x = matrix({3, 4, 0, 0, -2, 0}, {3, 2}).requires_grad_();
  const auto y = call("core1::normalize(input)", {x});
  CHECK(at::allclose(y, matrix({0.6F, 0.8F, 0, 0, -1, 0}, {3, 2})));
  y.mul(matrix({1, 2, 3, 4, 5, 6}, {3, 2})).sum().backward();
  // d/dx (w . x / |x|) = (w - y (w . y)) / |x|; y . w of row 0 is 2.2.
  CHECK(at::allclose(x.grad()[0], matrix({(1 - 0.6F * 2.2F) / 5, (2 - 0.8F * 2.2F) / 5}, {2})));
  CHECK(at::allclose(x.grad()[2], matrix({0, 3}, {2})));
}

TEST_CASE("add, sub and mul take a tensor or a number, and so do gradients", "[plugins][ops]") {
  const auto a = matrix({1, 2, 3, 4}, {2, 2}).requires_grad_();
  const auto b = matrix({5, 6, 7, 8}, {2, 2}).requires_grad_();
  CHECK(at::equal(call("core1::add(input,other)", {a, b}), a + b));
  CHECK(at::equal(call("core1::add(input,other)", {a, 0.5}), a + 0.5));
  CHECK(at::equal(call("core1::sub(input,other)", {a, b}), a - b));
  CHECK(at::equal(call("core1::sub(input,other)", {a, std::int64_t{2}}), a - 2));
  CHECK(at::equal(call("core1::mul(input,other)", {a, -1.5}), a * -1.5));
  const auto product = call("core1::mul(input,other)", {a, b});
  CHECK(at::equal(product, a * b));
  call("core1::sum(input)", {call("core1::sub(input,other)", {product, a})}).backward();
  CHECK(at::equal(a.grad(), b - 1));
  CHECK(at::equal(b.grad(), a));
  // A mask is whole numbers; times a number it is one of real numbers.
  CHECK(call("core1::mul(input,other)", {whole({0, 1}, {2}), -1.0}).is_floating_point());
}

TEST_CASE("relu cuts at 0, sum is a scalar, and their gradients are PyTorch's", "[plugins][ops]") {
  const auto x = matrix({-1, 0, 2, 3}, {2, 2}).requires_grad_();
  const auto total = call("core1::sum(input)", {call("core1::relu(input)", {x})});
  CHECK(total.dim() == 0);
  CHECK(total.item<float>() == 5);
  total.backward();
  CHECK(at::equal(x.grad(), matrix({0, 0, 1, 1}, {2, 2})));
}

TEST_CASE("masked_fill puts a number where the mask isn't 0, and no gradient comes from there",
          "[plugins][ops]") {
  const auto x = matrix({1, 2, 3, 4}, {2, 2}).requires_grad_();
  const double none = -std::numeric_limits<double>::infinity();
  const auto filled =
      call("core1::masked_fill(input,mask,value)", {x, whole({0, 1, 0, 0}, {2, 2}), none});
  CHECK(at::equal(filled, matrix({1, static_cast<float>(none), 3, 4}, {2, 2})));
  filled.exp().sum().backward();
  CHECK(x.grad()[0][1].item<float>() == 0);
  CHECK(x.grad()[1][1].item<float>() == Approx(std::exp(4.0)));
}

TEST_CASE("gather takes one column of each row, and so do gradients", "[plugins][ops]") {
  const auto x = matrix({1, 2, 3, 4, 5, 6}, {2, 3}).requires_grad_();
  const auto taken = call("core1::gather(input,index)", {x, whole({2, 0}, {2})});
  CHECK(at::equal(taken, matrix({3, 4}, {2})));
  taken.sum().backward();
  CHECK(at::equal(x.grad(), matrix({0, 0, 1, 1, 0, 0}, {2, 3})));
}

TEST_CASE("arange numbers rows, and any_equal says which numbers are in which set",
          "[plugins][ops]") {
  CHECK(at::equal(call("core1::arange(input)", {at::ones({3, 7})}), whole({0, 1, 2}, {3})));
  const auto sets = whole({5, -1, 7, 5}, {2, 2});
  CHECK(at::equal(call("core1::any_equal(input,other)", {whole({5, 6, 7}, {3}), sets}),
                  whole({1, 0, 0, 1, 0, 1}, {2, 3})));
  const auto rows = whole({0, 1}, {2});
  CHECK(
      at::equal(call("core1::any_equal(input,other)", {rows, rows}), whole({1, 0, 0, 1}, {2, 2})));
}

at::Tensor drawn(const at::Tensor& weights, std::uint64_t step, std::int64_t first_row = 0) {
  const OpContext context{true, [&] { return DropoutKey{{1, 0, step}, "test", first_row}; }};
  return call_op(bind_op("core1::multinomial(weights)"), std::vector<OpValue>{weights}, context);
}

TEST_CASE("multinomial draws each column as often as its weight says", "[plugins][ops]") {
  const auto weights = matrix({1, 0, 3, 0}, {1, 4}).expand({2000, 4});
  const auto found = drawn(weights, 7);
  CHECK(found.eq(1).any().item<bool>() == false);
  CHECK(found.eq(3).any().item<bool>() == false);
  const double third = found.eq(2).sum().item<double>() / 2000;
  CHECK(third == Approx(0.75).margin(0.04));  // four standard deviations
  CHECK(at::equal(found, drawn(weights, 7)));
  CHECK_FALSE(at::equal(found, drawn(weights, 8)));
}

TEST_CASE("multinomial's row is that of the step's batch, and a row of zeros gives -100",
          "[plugins][ops]") {
  const auto weights = at::ones({8, 50});
  CHECK(at::equal(drawn(weights, 1).narrow(0, 5, 3), drawn(weights.narrow(0, 0, 3), 1, 5)));
  CHECK(at::equal(drawn(matrix({0, 0, 0, 2}, {2, 2}), 1), whole({-100, 1}, {2})));
  CHECK(drawn(at::ones({0, 4}), 1).sizes() == at::IntArrayRef({0}));
  CHECK_THROWS_WITH(drawn(matrix({1, -1}, {1, 2}), 1),
                    Catch::StartsWith("core1::multinomial: a weight is -1"));
}

TEST_CASE("A call that can't work is refused in one line", "[plugins][ops]") {
  const auto x = at::ones({2, 3});
  CHECK_THROWS_WITH(call("core1::dropout(input,p)", {x, 1.5}),
                    "core1::dropout: p must be in [0, 1), is 1.500000");
  CHECK_THROWS_WITH(call("core1::linear(input,weight)", {x, at::ones({2, 4})}),
                    Catch::StartsWith("core1::linear: ") && !Catch::Contains("\n"));
  CHECK_THROWS_WITH(call("core1::select(input,dim,index)", {x, std::int64_t{1}, std::int64_t{9}}),
                    Catch::StartsWith("core1::select: "));
  CHECK_THROWS_WITH(
      call("core1::cross_entropy(input,target)", {x, at::ones({3}, at::kLong)}),
      Catch::Contains("input must be [..., classes] and target [...], got [2, 3] and [3]"));
  CHECK_THROWS_WITH(
      call("core1::cross_entropy(input,target)", {x, at::tensor(std::vector<std::int64_t>{0, 7})}),
      Catch::StartsWith("core1::cross_entropy: "));
  CHECK_THROWS_WITH(call("core1::mask(input,mask)", {x, at::ones({3}, at::kLong)}),
                    "core1::mask: input must be [..., n] and mask [...], got [2, 3] and [3]");
  CHECK_THROWS_WITH(
      call("core1::gather_rows(input,target)", {x, at::ones({3}, at::kLong)}),
      "core1::gather_rows: input must begin with the dimensions of target, got [2, 3] and [3]");
  CHECK_THROWS_WITH(call("core1::layer_norm(input,weight,bias)", {x, at::ones({2}), at::ones({2})}),
                    Catch::StartsWith("core1::layer_norm: "));
  CHECK_THROWS_WITH(call("core1::masked_fill(input,mask,value)", {x, at::ones({3}), 0.0}),
                    "core1::masked_fill: input and mask must have one shape, got [2, 3] and [3]");
  const auto whole = at::ones({2, 3}, at::kLong);
  CHECK_THROWS_WITH(call("core1::masked_fill(input,mask,value)", {whole, x, 1e30}),
                    Catch::StartsWith("core1::masked_fill: ") && Catch::Contains("overflow"));
  CHECK_THROWS_WITH(call("core1::gather(input,index)", {x, at::ones({3}, at::kLong)}),
                    "core1::gather: input must be [N, M] and index [N], got [2, 3] and [3]");
  CHECK_THROWS_WITH(
      call("core1::any_equal(input,other)", {x, x}),
      "core1::any_equal: input must be [M] and other [N] or [N, K], got [2, 3] and [2, 3]");
  CHECK_THROWS_WITH(call("core1::mul(input,other)", {x, OpValue()}),
                    "core1::mul: argument 'other' must be a tensor or a number");
  CHECK_THROWS_WITH(call("core1::tanh(input,input)", {x, x}),
                    "core1::tanh: argument 'input' comes twice");
  CHECK_THROWS_WITH(call("tanh", {x}), Catch::Contains("isn't a signature"));
}

}  // namespace
}  // namespace sojourn
