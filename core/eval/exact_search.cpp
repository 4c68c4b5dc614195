#include "core/eval/exact_search.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/ops/all.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"

namespace sojourn {

namespace {

constexpr std::int64_t kTile = 512;  // rows of one product
constexpr double kSmallestNorm = 1e-12;

// The k best columns of a row, by falling value, ties by index: inserted one by one, which for the
// small k of a search costs little more than reading the row.
void best_of_row(const float* row, std::int64_t n, std::int64_t k, std::int64_t* index,
                 float* cosine) {
  std::int64_t found = 0;
  for (std::int64_t column = 0; column < n; ++column) {
    const float value = row[column];
    if (found == k && !(value > cosine[k - 1])) continue;
    std::int64_t place = found < k ? found++ : k - 1;
    for (; place > 0 && value > cosine[place - 1]; --place) {
      cosine[place] = cosine[place - 1];
      index[place] = index[place - 1];
    }
    cosine[place] = value;
    index[place] = column;
  }
}

}  // namespace

ExactSearch::ExactSearch(const at::Tensor& vectors, const std::vector<std::int64_t>& side) {
  const auto norms =
      at::linalg_vector_norm(vectors, 2, {1}, /*keepdim=*/true).clamp_min(kSmallestNorm);
  // Any sentence would look like a neighbour of one whose vector is NaN.
  if (!norms.isfinite().all().item<bool>())
    throw Error(ErrorKind::kNumeric, "search", "a sentence vector isn't finite");
  const auto normalized = vectors.div(norms);
  for (std::int64_t which = 0; which < 2; ++which) {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < side.size(); ++i) {
      if (side[i] == which) rows.push_back(static_cast<std::int64_t>(i));
    }
    sides_.push_back(normalized.index_select(0, at::tensor(rows, at::kLong).to(vectors.device())));
  }
}

std::int64_t ExactSearch::count(std::int64_t side) const {
  if (side != 0 && side != 1)
    throw Error(ErrorKind::kPlugin, "search", "side must be 0 or 1, is " + std::to_string(side));
  return sides_[static_cast<std::size_t>(side)].size(0);
}

VectorSearch::Neighbours ExactSearch::neighbours(std::int64_t from, std::int64_t to,
                                                 std::int64_t k) const {
  const std::int64_t n_from = count(from);
  const std::int64_t n_to = count(to);
  k = std::min(k, n_to);
  if (k < 1)
    throw Error(ErrorKind::kPlugin, "search", "there is nothing to search, or k is below 1");
  Neighbours found;
  found.index.resize(static_cast<std::size_t>(n_from * k));
  found.cosine.resize(found.index.size());
  const auto targets = sides_[static_cast<std::size_t>(to)].transpose(0, 1);
  for (std::int64_t first = 0; first < n_from; first += kTile) {
    const auto queries = sides_[static_cast<std::size_t>(from)].slice(0, first, first + kTile);
    const auto tile = at::matmul(queries, targets).to(at::kCPU).contiguous();
    const float* scores = tile.const_data_ptr<float>();
    at::parallel_for(0, tile.size(0), 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        best_of_row(scores + i * n_to, n_to, k, found.index.data() + (first + i) * k,
                    found.cosine.data() + (first + i) * k);
      }
    });
  }
  return found;
}

}  // namespace sojourn
