#include "plugins/head_ops.h"

#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/masked_fill.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/select.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/square.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/transpose.h>

#include "core/model/cross_entropy.h"
#include "core/model/dropout.h"
#include "plugins/context.h"

namespace sojourn::head_ops {

namespace {

using Values = std::span<const OpValue>;

// Whether `shape` is that of `input` without its last dimension.
bool fits_rows(at::IntArrayRef shape, const at::Tensor& input) {
  return input.dim() > 0 &&
         input.sizes().slice(0, static_cast<std::size_t>(input.dim()) - 1) == shape;
}

}  // namespace

// input [..., in], weight [out, in], bias [out] or none -> [..., out], all in the weight's type
at::Tensor linear(Values values, const OpContext& /*context*/) {
  const bool has_bias = std::holds_alternative<at::Tensor>(values[2]);
  const at::Tensor& weight = tensor_at(values, 1);
  const auto typed = [&](std::size_t i) { return tensor_at(values, i).to(weight.scalar_type()); };
  return at::linear(typed(0), weight,
                    has_bias ? std::optional<at::Tensor>(typed(2)) : std::nullopt);
}

at::Tensor tanh(Values values, const OpContext& /*context*/) {
  return at::tanh(tensor_at(values, 0));
}

at::Tensor gelu(Values values, const OpContext& /*context*/) {
  return at::gelu(tensor_at(values, 0));
}

// input [..., n], weight [n], bias [n]
at::Tensor layer_norm(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  return at::layer_norm(input, {input.size(-1)}, tensor_at(values, 1), tensor_at(values, 2),
                        std::get<double>(values[3]));
}

// input [B, ...]; a row's numbers depend on its place in the optimizer step's batch. The identity
// outside of training.
at::Tensor dropout(Values values, const OpContext& context) {
  const at::Tensor& x = tensor_at(values, 0);
  const double p = std::get<double>(values[1]);
  if (!(p >= 0 && p < 1))
    throw Refusal(SOJOURN_INVALID, "p must be in [0, 1), is " + std::to_string(p));
  if (x.dim() < 1 || x.dim() > 4)
    throw Refusal(SOJOURN_INVALID, "takes 1 to 4 dimensions, got " + shape_text(x));
  return context.training ? sojourn::dropout(x, p, context.next_random()) : x;
}

at::Tensor select(Values values, const OpContext& /*context*/) {
  return at::select(tensor_at(values, 0), std::get<std::int64_t>(values[1]),
                    std::get<std::int64_t>(values[2]));
}

at::Tensor transpose(Values values, const OpContext& /*context*/) {
  return at::transpose(tensor_at(values, 0), std::get<std::int64_t>(values[1]),
                       std::get<std::int64_t>(values[2]));
}

// input [..., n], mask [...] of integers -> input where the mask isn't 0, minus infinity elsewhere
at::Tensor mask(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& mask = tensor_at(values, 1);
  if (!fits_rows(mask.sizes(), input)) {
    throw Refusal(SOJOURN_INVALID, "input must be [..., n] and mask [...], got " +
                                       shape_text(input) + " and " + shape_text(mask));
  }
  return at::masked_fill(input, mask.eq(0).unsqueeze(-1), -std::numeric_limits<double>::infinity());
}

// input [D.., ...], target [D..] of integers -> [N, ...]: where the target isn't ignore_index
at::Tensor gather_rows(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& target = tensor_at(values, 1);
  const auto dims = static_cast<std::size_t>(target.dim());
  if (dims == 0 || input.dim() < target.dim() || input.sizes().slice(0, dims) != target.sizes()) {
    throw Refusal(SOJOURN_INVALID, "input must begin with the dimensions of target, got " +
                                       shape_text(input) + " and " + shape_text(target));
  }
  const auto places = target.flatten().ne(std::get<std::int64_t>(values[2])).nonzero().squeeze(1);
  return at::index_select(input.flatten(0, target.dim() - 1), 0, places);
}

// input [..., classes], target [...] of class numbers, -100 to be left out -> the sum, in float32
at::Tensor cross_entropy(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& target = tensor_at(values, 1);
  if (input.dim() < 2 || !fits_rows(target.sizes(), input)) {
    throw Refusal(SOJOURN_INVALID, "input must be [..., classes] and target [...], got " +
                                       shape_text(input) + " and " + shape_text(target));
  }
  return sojourn::cross_entropy(input.reshape({target.numel(), input.size(-1)}),
                                target.reshape({-1}));
}

// As the functions of these names in PyTorch.
at::Tensor sigmoid(Values values, const OpContext& /*context*/) {
  return at::sigmoid(tensor_at(values, 0));
}

at::Tensor log_softmax(Values values, const OpContext& /*context*/) {
  return at::log_softmax(tensor_at(values, 0), -1);
}

// input [..., N, K], other [..., K, M] -> [..., N, M]
at::Tensor matmul(Values values, const OpContext& /*context*/) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& other = tensor_at(values, 1);
  if (input.dim() < 2 || other.dim() != input.dim()) {
    throw Refusal(SOJOURN_INVALID, "input must be [..., N, K] and other [..., K, M], got " +
                                       shape_text(input) + " and " + shape_text(other));
  }
  return at::matmul(input, other.to(input.scalar_type()));
}

at::Tensor concat(Values values, const OpContext& /*context*/) {
  return at::cat({tensor_at(values, 0), tensor_at(values, 1)}, std::get<std::int64_t>(values[2]));
}

namespace {

// Input and target in float32, once they are of one shape.
std::pair<at::Tensor, at::Tensor> alike(Values values) {
  const at::Tensor& input = tensor_at(values, 0);
  const at::Tensor& target = tensor_at(values, 1);
  if (input.sizes() != target.sizes()) {
    throw Refusal(SOJOURN_INVALID, "input and target must have one shape, got " +
                                       shape_text(input) + " and " + shape_text(target));
  }
  return {input.to(at::kFloat), target.to(at::kFloat)};
}

}  // namespace

at::Tensor squared_error(Values values, const OpContext& /*context*/) {
  const auto [input, target] = alike(values);
  return at::square(input - target).sum();
}

at::Tensor binary_cross_entropy(Values values, const OpContext& /*context*/) {
  const auto [input, target] = alike(values);
  return at::binary_cross_entropy_with_logits(input, target, {}, {}, at::Reduction::Sum);
}

}  // namespace sojourn::head_ops
