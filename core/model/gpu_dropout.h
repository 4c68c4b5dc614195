// Dropout on a GPU, with the masks of the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/dropout.h"

namespace sojourn {

// What dropout() returns, for x on a GPU, [..., n] of 1 to 4 dimensions; tokens: as dropout() takes
// them, on the GPU. Without autograd. The first call compiles a kernel, which LibTorch keeps on
// disk (PYTORCH_KERNEL_CACHE_PATH).
at::Tensor masked_on_gpu(const at::Tensor& x, const DropoutMask& mask, const at::Tensor& tokens);

}  // namespace sojourn
