// Cross-entropy over any number of classes, a whole vocabulary among them.
#pragma once

#include <ATen/core/Tensor.h>

namespace sojourn {

//   input   [N, classes] float32 or bfloat16: logits
//   target  [N] int64: a class, or -100 for a row to be left out
//   return  scalar float32: the sum over the rows that aren't left out, computed in float32
//
// The same as torch.nn.functional.cross_entropy(reduction="sum"), which keeps two more tensors of
// the size of `input` until the backward pass; here there is none before it, and one in it. Throws
// c10::Error for a target that is no class.
at::Tensor cross_entropy(const at::Tensor& input, const at::Tensor& target);

}  // namespace sojourn
