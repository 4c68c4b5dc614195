// Dropout whose mask is a function of (seed, role, step, stream, place), so that a resumed or
// re-batched run draws the same numbers, and the backward pass makes the mask again instead of
// keeping it.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/base/philox.h"

namespace sojourn {

// The numbers of one optimizer step; each use adds its stream.
struct StepRandom {
  RandomKey key;
  std::int64_t first_row = 0;  // this micro-batch's place in the optimizer step's batch
};

struct DropoutKey {
  RandomKey key;
  std::string stream;          // which dropout of the network this is
  std::int64_t first_row = 0;  // row 0 of the tensor is this row of the optimizer step's batch
};

// Keeps each element with probability q = 1 - p, rounded to 16 bits, and divides what it keeps by
// q.
//
//   x       [B, ..., n]  float32 or bfloat16, at most 4 dimensions, inner ones below 65,536
//   p       in [0, 1)
//   return  like x
//
// The mask of an element depends on its row, its indices in the other dimensions and the key, but
// not on the sizes of the dimensions: padding and micro-batches change nothing. Differentiable.
at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key);

// What `dropout` multiplies with, as a kernel for one line (all indices but the last fixed).
class DropoutMask {
 public:
  DropoutMask(double p, const DropoutKey& key);

  static constexpr int kGroup = 64;
  // Factors (0 or 1/q) of elements [64 * group, 64 * group + 64) of line `outer` of row `row`.
  void factors(std::int64_t row, std::uint32_t outer, std::uint32_t group,
               float* out) const noexcept;

  float scale() const noexcept { return scale_; }

 private:
  Philox random_;
  std::int64_t first_row_;
  std::uint32_t keep_;  // of 65,536
  float scale_;
};

}  // namespace sojourn
