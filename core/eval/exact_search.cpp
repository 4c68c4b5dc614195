#include "core/eval/exact_search.h"

#include <algorithm>

#include <ATen/ops/all.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"
#include "core/model/intra_op.h"

namespace sojourn {

namespace {

constexpr std::int64_t kTile = 512;  // rows of one product
constexpr double kSmallestNorm = 1e-12;

// The k best columns of a row, by falling value, ties by index: inserted one by one, which for the
// small k of a search costs little more than reading the row. `value(column)` is of type T.
template <typename T, typename Value>
void best_of_row(const Value& value_of, std::int64_t n, std::int64_t k, std::int64_t* index,
                 T* best) {
  std::int64_t found = 0;
  for (std::int64_t column = 0; column < n; ++column) {
    const T value = value_of(column);
    if (found == k && !(value > best[k - 1])) continue;
    std::int64_t place = found < k ? found++ : k - 1;
    for (; place > 0 && value > best[place - 1]; --place) {
      best[place] = best[place - 1];
      index[place] = index[place - 1];
    }
    best[place] = value;
    index[place] = column;
  }
}

// Calls body(i, row) for each row i of `queries`, [n, H]: its products with all of `targets`,
// [m, H]. Rows come in any order, several at once.
template <typename Body>
void for_each_row(const at::Tensor& queries, const at::Tensor& targets, const Body& body) {
  const auto columns = targets.transpose(0, 1);
  for (std::int64_t first = 0; first < queries.size(0); first += kTile) {
    const auto tile =
        at::matmul(queries.slice(0, first, first + kTile), columns).to(at::kCPU).contiguous();
    const float* products = tile.const_data_ptr<float>();
    parallel_rows(tile.size(0), 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) body(first + i, products + i * targets.size(0));
    });
  }
}

std::int64_t checked_k(std::int64_t k, std::int64_t n) {
  k = std::min(k, n);
  if (k < 1)
    throw Error(ErrorKind::kPlugin, "search", "there is nothing to search, or k is below 1");
  return k;
}

at::Tensor places(std::span<const std::int64_t> numbers, const at::Tensor& like) {
  return at::tensor(std::vector<std::int64_t>(numbers.begin(), numbers.end()), at::kLong)
      .to(like.device());
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
  k = checked_k(k, n_to);
  Neighbours found;
  found.index.resize(static_cast<std::size_t>(n_from * k));
  found.cosine.resize(found.index.size());
  for_each_row(vectors(from), vectors(to), [&](std::int64_t i, const float* cosines) {
    best_of_row([&](std::int64_t column) { return cosines[column]; }, n_to, k,
                found.index.data() + i * k, found.cosine.data() + i * k);
  });
  return found;
}

// Each vector's mean cosine with its n nearest of the other side.
std::vector<double> ExactSearch::mean_of_nearest(std::int64_t from, std::int64_t to,
                                                 std::int64_t n) const {
  const Neighbours nearest = neighbours(from, to, n);
  std::vector<double> means(static_cast<std::size_t>(count(from)), 0.0);
  const std::size_t k = nearest.cosine.size() / std::max<std::size_t>(1, means.size());
  for (std::size_t i = 0; i < nearest.cosine.size(); ++i)
    means[i / k] += static_cast<double>(nearest.cosine[i]) / static_cast<double>(k);
  return means;
}

VectorSearch::Neighbours ExactSearch::csls(std::int64_t from, std::int64_t to,
                                           std::int64_t neighbourhood, std::int64_t k) const {
  const std::int64_t n_to = count(to);
  k = checked_k(k, n_to);
  const auto mean_from = mean_of_nearest(from, to, neighbourhood);
  const auto mean_to = mean_of_nearest(to, from, neighbourhood);
  Neighbours found;
  found.index.resize(static_cast<std::size_t>(count(from) * k));
  std::vector<double> scores(found.index.size());
  for_each_row(vectors(from), vectors(to), [&](std::int64_t i, const float* cosines) {
    const double own = mean_from[static_cast<std::size_t>(i)];
    const auto score = [&](std::int64_t column) {
      return 2.0 * static_cast<double>(cosines[column]) - own -
             mean_to[static_cast<std::size_t>(column)];
    };
    best_of_row(score, n_to, k, found.index.data() + i * k, scores.data() + i * k);
  });
  found.cosine.assign(scores.begin(), scores.end());
  return found;
}

VectorSearch::Ranks ExactSearch::ranks(std::int64_t from, std::int64_t to,
                                       std::span<const std::int64_t> rows,
                                       std::span<const std::int64_t> targets) const {
  const std::int64_t n_to = count(to);
  Ranks found;
  found.rank.resize(rows.size());
  found.cosine.resize(rows.size());
  if (rows.empty()) return found;
  const auto queries = vectors(from).index_select(0, places(rows, vectors(from)));
  for_each_row(queries, vectors(to), [&](std::int64_t i, const float* cosines) {
    const std::int64_t target = targets[static_cast<std::size_t>(i)];
    const float own = cosines[target];
    std::int64_t rank = 1;
    for (std::int64_t column = 0; column < n_to; ++column) {
      if (cosines[column] > own || (cosines[column] == own && column < target)) ++rank;
    }
    found.rank[static_cast<std::size_t>(i)] = rank;
    found.cosine[static_cast<std::size_t>(i)] = own;
  });
  return found;
}

// The mean of products is the product with the mean.
std::vector<float> ExactSearch::mean_cosines(std::int64_t from, std::int64_t to) const {
  count(from);
  count(to);
  const auto mean = vectors(to).mean(0, /*keepdim=*/false, at::kDouble);
  std::vector<float> means;
  for (std::int64_t first = 0; first < count(from); first += kTile) {
    const auto tile = at::matmul(vectors(from).slice(0, first, first + kTile).to(at::kDouble), mean)
                          .to(at::kCPU, at::kFloat)
                          .contiguous();
    const float* values = tile.const_data_ptr<float>();
    means.insert(means.end(), values, values + tile.numel());
  }
  return means;
}

}  // namespace sojourn
