// Rows of token ids, as probes read them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <vector>

#include <ATen/ops/full.h>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/model/encoder.h"

namespace sojourn {

// Padded on the right.
inline EncoderBatch padded_rows(const std::vector<std::vector<std::int64_t>>& rows,
                                std::int64_t pad_id) {
  std::vector<std::int64_t> lengths;
  lengths.reserve(rows.size());
  for (const auto& row : rows) lengths.push_back(static_cast<std::int64_t>(row.size()));
  const auto height = static_cast<std::int64_t>(rows.size());
  const auto ids = at::full({height, *std::ranges::max_element(lengths)}, pad_id, at::kLong);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(rows[i], ids[static_cast<std::int64_t>(i)].mutable_data_ptr<std::int64_t>());
  }
  return {ids, lengths};
}

// From a file [[ids], ..].
inline EncoderBatch read_rows(const std::filesystem::path& file, std::int64_t pad_id) {
  return padded_rows(
      nlohmann::json::parse(read_file(file)).get<std::vector<std::vector<std::int64_t>>>(), pad_id);
}

}  // namespace sojourn
