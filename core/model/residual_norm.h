// The end of each half of a transformer layer: dropout, residual and layer norm in one pass.
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "core/model/dropout.h"

namespace sojourn {

// The activations of N tokens after a layer. Residuals, norms and heads take float32, the next
// matrix product takes `product`.
struct Hidden {
  at::Tensor value;    // [N, hidden] float32
  at::Tensor product;  // the same in the precision of the products; undefined: not made yet
};

struct ResidualNorm {
  const at::Tensor& weight;  // [hidden] float32, as is bias
  const at::Tensor& bias;
  double eps;
  std::optional<DropoutMask> mask;  // none: no dropout
  at::Tensor tokens;                // as dropout takes them
};

// layer_norm(residual + dropout(x)).
//
//   residual  [N, hidden] float32
//   x         [N, hidden] float32 or bfloat16, which is the precision of the result's `product`
//
// Differentiable once. On the CPU it reads and writes each activation once where the separate
// operators take six passes, and its gradients don't depend on the number of threads; elsewhere it
// is plain_residual_norm.
Hidden residual_norm(const at::Tensor& residual, const at::Tensor& x, const ResidualNorm& norm);

// The same by one operator after the other.
Hidden plain_residual_norm(const at::Tensor& residual, const at::Tensor& x,
                           const ResidualNorm& norm);

}  // namespace sojourn
