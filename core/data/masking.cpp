#include "core/data/masking.h"

#include <algorithm>

#include <ATen/ops/full_like.h>

#include "core/base/error.h"

namespace sojourn {

namespace {

// Of the chosen pieces: those that become the mask token, and those that become it or a random
// piece.
constexpr double kMasked = 0.8;
constexpr double kMaskedOrRandom = 0.9;

bool is_special(const MaskingIds& ids, std::int64_t id) {
  return std::binary_search(ids.special.begin(), ids.special.end(), id);
}

// Special ids among those that would be drawn.
std::int64_t special_pieces(const MaskingIds& ids) {
  return std::lower_bound(ids.special.begin(), ids.special.end(), ids.pieces) - ids.special.begin();
}

// The piece at place `n` of those that aren't special.
std::int64_t ordinary_piece(const MaskingIds& ids, std::int64_t n) {
  for (const std::int64_t special : ids.special) {
    if (special > n) break;
    ++n;
  }
  return n;
}

// Uniform in [0, 1).
double unit_interval(std::uint32_t bits) { return static_cast<double>(bits) * 0x1.0p-32; }

// What the encoder sees of a chosen piece.
std::int64_t replacement(std::int64_t id, const Philox::Block& random, const MaskingIds& ids) {
  const double what = unit_interval(random[1]);
  if (what < kMasked) return ids.mask;
  if (what >= kMaskedOrRandom) return id;
  const auto ordinary = static_cast<std::uint64_t>(ids.pieces - special_pieces(ids));
  const std::uint64_t bits = std::uint64_t{random[2]} << 32U | random[3];
  // The bias of the remainder is below ordinary / 2^64.
  return ordinary_piece(ids, static_cast<std::int64_t>(bits % ordinary));
}

}  // namespace

MaskingIds masking_ids(const Tokenizer& tokenizer) {
  return {tokenizer.mask_id(), tokenizer.id_count(), tokenizer.special_ids()};
}

void mask_batch(Batch& batch, std::size_t labels, double share, const MaskingIds& ids,
                const RandomKey& key, const std::string& stream) {
  if (batch.has_choices)
    throw Error(ErrorKind::kInternal, "masking", "a batch of features with choices");
  batch.ids = batch.ids.clone();
  batch.fields.at(labels) = at::full_like(batch.ids, kIgnoredLabel);
  const Philox random(key, stream);
  const std::int64_t width = batch.ids.size(1);
  auto* id = batch.ids.mutable_data_ptr<std::int64_t>();
  auto* label = batch.fields[labels].mutable_data_ptr<std::int64_t>();
  for (std::int64_t row = 0; row < batch.size; ++row, id += width, label += width) {
    const auto place = static_cast<std::uint32_t>(batch.first_row + row);
    for (std::int64_t t = 0; t < batch.lengths[static_cast<std::size_t>(row)]; ++t) {
      if (is_special(ids, id[t])) continue;
      const auto block = random(static_cast<std::uint64_t>(t), place);
      if (unit_interval(block[0]) >= share) continue;
      label[t] = id[t];
      id[t] = replacement(id[t], block, ids);
    }
  }
}

}  // namespace sojourn
