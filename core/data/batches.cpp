#include "core/data/batches.h"

#include <algorithm>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

namespace sojourn {

namespace {

void sort_by_falling_length(std::span<std::int64_t> chosen,
                            const std::vector<std::int64_t>& lengths) {
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::int64_t a, std::int64_t b) {
    return lengths[static_cast<std::size_t>(a)] > lengths[static_cast<std::size_t>(b)];
  });
}

at::Tensor as_tensor(const ArrayView& array) {
  const auto type = array.type == FieldType::kInt64 ? at::kLong : at::kFloat;
  return at::from_blob(const_cast<void*>(array.data), array.shape, type);  // only read from
}

// Field `index` of the chosen features, padded to the largest size in each dimension.
at::Tensor padded_field(const FeatureTable& features, std::span<const std::int64_t> chosen,
                        std::size_t index, std::int64_t pad) {
  std::vector<std::int64_t> shape(features.fields()[index].dims.size() + 1, 0);
  shape[0] = static_cast<std::int64_t>(chosen.size());
  for (const std::int64_t feature : chosen) {
    const auto sizes = features.field(feature, index).shape;
    for (std::size_t d = 0; d < sizes.size(); ++d) shape[d + 1] = std::max(shape[d + 1], sizes[d]);
  }
  const auto type = features.fields()[index].type == FieldType::kInt64 ? at::kLong : at::kFloat;
  auto padded = at::full(shape, pad, type);
  for (std::size_t row = 0; row < chosen.size(); ++row) {
    const auto value = as_tensor(features.field(chosen[row], index));
    auto place = padded.select(0, static_cast<std::int64_t>(row));
    for (std::int64_t d = 0; d < value.dim(); ++d) place = place.narrow(d, 0, value.size(d));
    place.copy_(value);
  }
  return padded;
}

// Pieces of each row before its padding: choices of one feature differ in length.
std::vector<std::int64_t> row_lengths(const at::Tensor& ids, std::int64_t pad_id) {
  std::vector<std::int64_t> lengths;
  const std::int64_t width = ids.size(1);
  const auto* row = ids.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < ids.size(0); ++i, row += width) {
    std::int64_t length = width;
    while (length > 1 && row[length - 1] == pad_id) --length;
    lengths.push_back(length);
  }
  return lengths;
}

}  // namespace

std::vector<std::vector<std::int64_t>> epoch_batches(const std::vector<std::int64_t>& lengths,
                                                     std::int64_t batch_size,
                                                     const RandomKey& epoch,
                                                     const std::string& stream) {
  auto order =
      random_permutation(epoch, "order/" + stream, static_cast<std::int64_t>(lengths.size()));
  std::vector<std::vector<std::int64_t>> batches;
  for (std::size_t at = 0; at < order.size(); at += static_cast<std::size_t>(batch_size)) {
    const auto batch = std::span(order).subspan(
        at, std::min(order.size() - at, static_cast<std::size_t>(batch_size)));
    sort_by_falling_length(batch, lengths);
    batches.emplace_back(batch.begin(), batch.end());
  }
  return batches;
}

std::vector<std::vector<std::int64_t>> scoring_batches(const FeatureTable& features,
                                                       std::int64_t max_pieces) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(features.size()));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  sort_by_falling_length(order, features.lengths());
  std::vector<std::vector<std::int64_t>> batches;
  std::int64_t width = 0;  // of the widest row, which comes first
  std::int64_t rows = 0;
  for (const std::int64_t feature : order) {
    const std::int64_t length = features.lengths()[static_cast<std::size_t>(feature)];
    const std::int64_t feature_rows = features.pieces(feature) / length;
    if (batches.empty() || (rows + feature_rows) * width > max_pieces) {
      batches.emplace_back();
      width = length;
      rows = 0;
    }
    batches.back().push_back(feature);
    rows += feature_rows;
  }
  return batches;
}

Batch collate(const FeatureTable& features, std::span<const std::int64_t> chosen,
              std::int64_t pad_id) {
  Batch batch;
  batch.size = static_cast<std::int64_t>(chosen.size());
  batch.has_choices = features.fields()[0].dims.size() == 2;
  auto ids = padded_field(features, chosen, 0, pad_id);
  if (batch.has_choices) {
    batch.choices = ids.size(1);
    ids.masked_fill_(ids.eq(kEndOfRow), pad_id);
  }
  batch.ids = ids.view({batch.size * batch.choices, ids.size(-1)});
  batch.lengths = row_lengths(batch.ids, pad_id);
  batch.fields.resize(features.fields().size());
  for (std::size_t f = 1; f < batch.fields.size(); ++f) {
    batch.fields[f] = padded_field(features, chosen, f, features.fields()[f].pad);
  }
  return batch;
}

std::int64_t count_items(const FeatureTable& features, std::span<const std::int64_t> chosen,
                         std::size_t field) {
  std::int64_t items = 0;
  for (const std::int64_t feature : chosen) {
    const auto array = features.field(feature, field);
    std::int64_t entries = 1;
    for (const std::int64_t size : array.shape) entries *= size;
    const std::span values(static_cast<const std::int64_t*>(array.data),
                           static_cast<std::size_t>(entries));
    items += std::count_if(values.begin(), values.end(),
                           [](std::int64_t v) { return v != kIgnoredLabel; });
  }
  return items;
}

std::int64_t count_items(const Batch& batch, std::size_t field) {
  return batch.fields.at(field).ne(kIgnoredLabel).sum().item<std::int64_t>();
}

}  // namespace sojourn
