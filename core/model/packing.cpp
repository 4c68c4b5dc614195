#include "core/model/packing.h"

#include <algorithm>
#include <limits>
#include <span>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

namespace sojourn {

namespace {

constexpr std::int64_t kSmallGroup =
    256;  // tokens: below, a group of its own costs more than it saves

RowGroup group_of(std::span<const std::int64_t> lengths, std::int64_t width, at::Device device) {
  RowGroup group;
  group.rows = static_cast<std::int64_t>(lengths.size());
  group.width = width;
  for (const std::int64_t length : lengths) group.tokens += length;
  if (group.tokens == group.rows * width) return group;
  const auto sizes = at::tensor(at::IntArrayRef(lengths.data(), lengths.size()), at::kLong);
  const auto kept = at::arange(width, at::kLong).unsqueeze(0).lt(sizes.unsqueeze(1));
  group.places = kept.flatten().nonzero().squeeze(1).to(device);
  auto bias = at::zeros({group.rows, 1, 1, width}, at::kFloat);
  bias.masked_fill_(kept.logical_not().unsqueeze(1).unsqueeze(1),
                    -std::numeric_limits<float>::infinity());
  group.bias = bias.to(device);
  return group;
}

// Where the group that begins at `first` ends: before a row that would be a quarter padding.
std::size_t end_of_group(const std::vector<std::int64_t>& lengths, std::size_t first) {
  std::int64_t longest = lengths[first];
  std::size_t end = first + 1;
  for (; end < lengths.size(); ++end) {
    const auto rows = static_cast<std::int64_t>(end - first);
    if (lengths[end] * 4 < longest * 3 && rows * longest >= kSmallGroup) break;
    longest = std::max(longest, lengths[end]);
  }
  return end;
}

}  // namespace

at::Tensor RowGroup::unpack(const at::Tensor& tokens_only) const {
  auto shape = tokens_only.sizes().vec();
  shape[0] = width;
  shape.insert(shape.begin(), rows);
  if (!places.defined()) return tokens_only.view(shape);
  const auto padded = at::zeros({rows * width, tokens_only.size(1)}, tokens_only.options());
  return padded.index_copy(0, places, tokens_only).view(shape);
}

at::Tensor RowGroup::pack(const at::Tensor& padded) const {
  const auto flat = padded.reshape({rows * width, padded.size(2)});
  return places.defined() ? flat.index_select(0, places) : flat;
}

Packing::Packing(const std::vector<std::int64_t>& lengths, std::int64_t width, at::Device device)
    : whole_(group_of(lengths, width, device)) {
  std::int64_t token = 0;
  for (std::size_t first = 0; first < lengths.size();) {
    const std::size_t end = end_of_group(lengths, first);
    const auto rows = std::span(lengths).subspan(first, end - first);
    RowGroup group = group_of(rows, *std::max_element(rows.begin(), rows.end()), device);
    group.first_row = static_cast<std::int64_t>(first);
    group.first_token = token;
    token += group.tokens;
    groups_.push_back(std::move(group));
    first = end;
  }
  std::vector<std::int64_t> tokens;
  tokens.reserve(static_cast<std::size_t>(token));
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    for (std::int64_t column = 0; column < lengths[row]; ++column)
      tokens.push_back(static_cast<std::int64_t>(row) * 65536 + column);
  }
  tokens_ = at::tensor(tokens, at::kLong);
  columns_ = tokens_.remainder(65536).to(device);
}

}  // namespace sojourn
