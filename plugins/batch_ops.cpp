#include "plugins/batch_ops.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/masked_fill.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tensor.h>

#include "core/base/philox.h"
#include "plugins/context.h"

namespace sojourn::batch_ops {

namespace {

using Values = std::span<const OpValue>;

void expect(bool holds, const char* what, const at::Tensor& a, const at::Tensor& b) {
  if (holds) return;
  throw Refusal(SOJOURN_INVALID,
                std::string(what) + ", got " + shape_text(a) + " and " + shape_text(b));
}

// Uniform in [0, 1), from 53 of the bits.
double unit_interval(const Philox::Block& block) {
  const std::uint64_t bits = static_cast<std::uint64_t>(block[0]) << 21 ^ block[1] >> 11;
  return std::ldexp(static_cast<double>(bits), -53);
}

// The place that a number in [0, 1) falls to, among places as wide as their weights; -100 where
// none has any width.
std::int64_t place_of(double number, const double* weights, std::int64_t n) {
  double total = 0;
  std::int64_t last = -100;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!(weights[i] >= 0) || !std::isfinite(weights[i]))
      throw Refusal(SOJOURN_INVALID, "a weight is " + std::to_string(weights[i]));
    total += weights[i];
    if (weights[i] > 0) last = i;
  }
  double end = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    end += weights[i];
    if (weights[i] > 0 && number * total < end) return i;
  }
  return last;  // where rounding left the number at the end
}

template <typename Function>
at::Tensor with_operand(Values values, const Function& function) {
  const auto* number = std::get_if<double>(&values[1]);
  return number != nullptr ? function(tensor_at(values, 0), at::Scalar(*number))
                           : function(tensor_at(values, 0), tensor_at(values, 1));
}

}  // namespace

at::Tensor normalize(Values values, const OpContext& /*context*/) {
  constexpr double kSmallestNorm = 1e-12;
  const at::Tensor& input = tensor_at(values, 0);
  return input / at::linalg_vector_norm(input, 2, {-1}, /*keepdim=*/true).clamp_min(kSmallestNorm);
}

at::Tensor add(Values values, const OpContext& /*context*/) {
  return with_operand(values, [](const auto& a, const auto& b) { return at::add(a, b); });
}

at::Tensor sub(Values values, const OpContext& /*context*/) {
  return with_operand(values, [](const auto& a, const auto& b) { return at::sub(a, b); });
}

at::Tensor mul(Values values, const OpContext& /*context*/) {
  return with_operand(values, [](const auto& a, const auto& b) { return at::mul(a, b); });
}

at::Tensor relu(Values values, const OpContext& /*context*/) {
  return at::relu(tensor_at(values, 0));
}

at::Tensor sum(Values values, const OpContext& /*context*/) {
  return at::sum(tensor_at(values, 0));
}

at::Tensor masked_fill(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& mask = tensor_at(values, 1);
  expect(input.sizes() == mask.sizes(), "input and mask must have one shape", input, mask);
  return at::masked_fill(input, mask.ne(0), std::get<double>(values[2]));
}

// input [N, M], index [N] -> [N]
at::Tensor gather(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& index = tensor_at(values, 1);
  expect(input.dim() == 2 && index.dim() == 1 && input.size(0) == index.size(0),
         "input must be [N, M] and index [N]", input, index);
  return at::gather(input, 1, index.unsqueeze(1)).squeeze(1);
}

// input [N, ...] -> [N] int64: 0 to N - 1
at::Tensor arange(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  if (input.dim() < 1) throw Refusal(SOJOURN_INVALID, "takes 1 dimension or more, got none");
  return at::arange(input.size(0), at::device(input.device()).dtype(at::kLong));
}

// input [M], other [N] or [N, K] -> [N, M] int64
at::Tensor any_equal(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& other = tensor_at(values, 1);
  expect(input.dim() == 1 && (other.dim() == 1 || other.dim() == 2),
         "input must be [M] and other [N] or [N, K]", input, other);
  const auto sets = other.dim() == 1 ? other.unsqueeze(1) : other;
  return sets.unsqueeze(1).eq(input.view({1, -1, 1})).any(-1).to(at::kLong);
}

// weights [N, M] -> [N] int64. A row's number depends on its place in the optimizer step's batch.
at::Tensor multinomial(Values values, const OpContext& context) {
  const at::Tensor& weights = tensor_at(values, 0);
  if (weights.dim() != 2)
    throw Refusal(SOJOURN_INVALID, "weights must be [N, M], got " + shape_text(weights));
  const auto rows = weights.detach().to(at::kCPU, at::kDouble).contiguous();
  const DropoutKey key = context.next_random();
  const Philox random(key.key, key.stream);
  std::vector<std::int64_t> drawn;
  for (std::int64_t row = 0; row < rows.size(0); ++row) {
    const auto place = static_cast<std::uint32_t>(key.first_row + row);
    drawn.push_back(place_of(unit_interval(random(0, place)),
                             rows.const_data_ptr<double>() + row * rows.size(1), rows.size(1)));
  }
  return at::tensor(drawn, at::kLong).to(weights.device());
}

}  // namespace sojourn::batch_ops
