// The operations that losses are made of which compare the examples of a batch; docs/abi.md says
// what each of them gives. All throw Refusal for shapes that don't go together.
#pragma once

#include <span>

#include "plugins/op_table.h"

namespace sojourn::batch_ops {

// Differentiable, as the functions of these names in PyTorch.
at::Tensor normalize(std::span<const OpValue> values, const OpContext& context);
at::Tensor add(std::span<const OpValue> values, const OpContext& context);
at::Tensor sub(std::span<const OpValue> values, const OpContext& context);
at::Tensor mul(std::span<const OpValue> values, const OpContext& context);
at::Tensor relu(std::span<const OpValue> values, const OpContext& context);
at::Tensor sum(std::span<const OpValue> values, const OpContext& context);
at::Tensor masked_fill(std::span<const OpValue> values, const OpContext& context);
at::Tensor gather(std::span<const OpValue> values, const OpContext& context);

// Numbers that no gradient goes through.
at::Tensor arange(std::span<const OpValue> values, const OpContext& context);
at::Tensor any_equal(std::span<const OpValue> values, const OpContext& context);
at::Tensor multinomial(std::span<const OpValue> values, const OpContext& context);

}  // namespace sojourn::batch_ops
