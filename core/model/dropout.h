// Dropout whose mask is a function of (seed, role, step, stream, place), so that a resumed or
// re-batched run draws the same numbers, and the backward pass makes the mask again instead of
// keeping it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// Which elements a dropout keeps: each with probability q = 1 - p, rounded to 16 bits.
//
// The mask of an element depends on its row, its indices in the other dimensions and the key, but
// not on the sizes of the dimensions: padding and micro-batches change nothing.
class DropoutMask {
 public:
  // p in [0, 1).
  DropoutMask(double p, const DropoutKey& key);
  // From state(), for an autograd context to keep.
  explicit DropoutMask(const std::vector<std::int64_t>& state);
  std::vector<std::int64_t> state() const;

  static constexpr int kGroup = 64;
  // Factors (0 or 1/q) of elements [64 * group, 64 * group + 64) of line `outer` (all indices but
  // the first and the last) of row `row`.
  void factors(std::int64_t row, std::uint32_t outer, std::uint32_t group,
               float* out) const noexcept;

 private:
  std::uint32_t key0_, key1_;
  std::uint32_t first_row_;
  std::uint32_t keep_;  // of 65,536
  float scale_;
};

// Divides what the mask keeps by q; the rest is 0. Differentiable.
//
//   x       [B, ..., n]  float32 or bfloat16, at most 4 dimensions, inner ones below 65,536
//   tokens  where x is packed, [N, n]: row * 65536 + column of each line, [N] int64 on x's device
//   return  like x
at::Tensor dropout(const at::Tensor& x, const DropoutMask& mask, const at::Tensor& tokens = {});
at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key);

}  // namespace sojourn
