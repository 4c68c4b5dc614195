// Which features make a step, and the padded tensors they become.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/philox.h"
#include "core/data/feature_table.h"

namespace sojourn {

// In a field of labels: nothing to learn here.
constexpr std::int64_t kIgnoredLabel = -100;

// One pass over n features as lists of at most batch_size, in a random order that is a function of
// (seed, role, epoch, stream) alone. Length has no say in which features share a step: batches of
// like length train measurably worse (docs/performance.md). Within a batch, features lie by falling
// length, which the encoder is fastest on.
std::vector<std::vector<std::int64_t>> epoch_batches(const std::vector<std::int64_t>& lengths,
                                                     std::int64_t batch_size,
                                                     const RandomKey& epoch,
                                                     const std::string& stream);

// All features once, by falling length, in batches of at most `max_pieces` pieces after padding (or
// of one feature). For scoring.
std::vector<std::vector<std::int64_t>> scoring_batches(const FeatureTable& features,
                                                       std::int64_t max_pieces);

// Features as padded tensors on the CPU. B features; a feature with choices takes C rows of the
// encoder.
struct Batch {
  at::Tensor ids;                     // [B * C, T] int64; C = 1 without choices
  std::vector<std::int64_t> lengths;  // [B * C] pieces of each row, at least 1
  std::int64_t size = 0;              // B
  std::int64_t choices = 1;           // C
  bool has_choices = false;
  std::vector<at::Tensor> fields;  // by the manifest's order, [B, ...] padded; [0] is undefined
  std::int64_t first_row = 0;      // B before it in the optimizer step
};

Batch collate(const FeatureTable& features, std::span<const std::int64_t> chosen,
              std::int64_t pad_id);

// Entries of the field that aren't -100, over the chosen features: what a loss sums over.
std::int64_t count_items(const FeatureTable& features, std::span<const std::int64_t> chosen,
                         std::size_t field);
// The same in a batch, where the host has written the field.
std::int64_t count_items(const Batch& batch, std::size_t field);

}  // namespace sojourn
