// Exact nearest neighbours over vectors, by cosine or CSLS, as tiled matrix products.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/data/task.h"

namespace sojourn {

class ExactSearch : public VectorSearch {
 public:
  // vectors: [n, H] float32; side: 0 or 1 for each. A zero vector is as far from all others as an
  // orthogonal one. Throws Error(kNumeric) where one isn't finite.
  ExactSearch(const at::Tensor& vectors, const std::vector<std::int64_t>& side);

  std::int64_t count(std::int64_t side) const override;
  // k is cut to the number of vectors on the other side.
  Neighbours neighbours(std::int64_t from, std::int64_t to, std::int64_t k) const override;
  // The same by CSLS; so is the neighbourhood. Source: Conneau et al., arXiv 1710.04087.
  Neighbours csls(std::int64_t from, std::int64_t to, std::int64_t neighbourhood,
                  std::int64_t k) const override;
  Ranks ranks(std::int64_t from, std::int64_t to, std::span<const std::int64_t> rows,
              std::span<const std::int64_t> targets) const override;
  std::vector<float> mean_cosines(std::int64_t from, std::int64_t to) const override;

 private:
  const at::Tensor& vectors(std::int64_t side) const {
    return sides_[static_cast<std::size_t>(side)];
  }
  std::vector<double> mean_of_nearest(std::int64_t from, std::int64_t to, std::int64_t n) const;

  std::vector<at::Tensor> sides_;  // normalized, [n_side, H]
};

}  // namespace sojourn
