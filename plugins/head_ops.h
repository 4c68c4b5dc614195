// The operations that heads and their losses are made of; docs/abi.md says what each of them gives.
// All throw Refusal for shapes that don't go together.
#pragma once

#include <span>

#include "plugins/op_table.h"

namespace sojourn::head_ops {

at::Tensor linear(std::span<const OpValue> values, const OpContext& context);
at::Tensor tanh(std::span<const OpValue> values, const OpContext& context);
at::Tensor gelu(std::span<const OpValue> values, const OpContext& context);
at::Tensor layer_norm(std::span<const OpValue> values, const OpContext& context);
at::Tensor dropout(std::span<const OpValue> values, const OpContext& context);
at::Tensor select(std::span<const OpValue> values, const OpContext& context);
at::Tensor transpose(std::span<const OpValue> values, const OpContext& context);
at::Tensor mask(std::span<const OpValue> values, const OpContext& context);
at::Tensor gather_rows(std::span<const OpValue> values, const OpContext& context);
at::Tensor cross_entropy(std::span<const OpValue> values, const OpContext& context);
at::Tensor sigmoid(std::span<const OpValue> values, const OpContext& context);
at::Tensor log_softmax(std::span<const OpValue> values, const OpContext& context);
at::Tensor matmul(std::span<const OpValue> values, const OpContext& context);
at::Tensor concat(std::span<const OpValue> values, const OpContext& context);
at::Tensor squared_error(std::span<const OpValue> values, const OpContext& context);
at::Tensor binary_cross_entropy(std::span<const OpValue> values, const OpContext& context);

}  // namespace sojourn::head_ops
