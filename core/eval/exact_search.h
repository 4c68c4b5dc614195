// Exact nearest neighbours by cosine over sentence vectors, as tiled matrix products.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/data/task.h"

namespace sojourn {

class ExactSearch : public VectorSearch {
 public:
  // vectors: [n, H] float32, one for each feature in order; side: 0 or 1 for each. A zero vector is
  // as far from all others as an orthogonal one. Throws Error(kNumeric) where one isn't finite.
  ExactSearch(const at::Tensor& vectors, const std::vector<std::int64_t>& side);

  std::int64_t count(std::int64_t side) const override;
  // k is cut to the number of vectors on the other side.
  Neighbours neighbours(std::int64_t from, std::int64_t to, std::int64_t k) const override;

 private:
  std::vector<at::Tensor> sides_;  // normalized, [n_side, H]
};

}  // namespace sojourn
