// config.json of a Hugging Face directory, as far as an encoder needs it.
#pragma once

#include <cstdint>
#include <filesystem>

#include <nlohmann/json.hpp>

namespace sojourn {

enum class EncoderType { kBert, kXlmRoberta };

struct EncoderConfig {
  EncoderType type = EncoderType::kBert;
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t max_positions = 0;  // rows of the position table
  std::int64_t type_vocab_size = 0;
  std::int64_t pad_id = 0;
  double layer_norm_eps = 0;
  double hidden_dropout = 0;
  double attention_dropout = 0;
  nlohmann::json raw;  // all of the file, to be written again with what a stage trained

  // XLM-R numbers positions from pad_id + 1, BERT from 0.
  std::int64_t first_position() const { return type == EncoderType::kXlmRoberta ? pad_id + 1 : 0; }
  std::int64_t max_tokens() const { return max_positions - first_position(); }
};

// Of all weights, in bytes.
std::uintmax_t weight_bytes(const EncoderConfig& config);

// Throws Error(kInput) naming the file and key: a missing file or key, another model_type, a wrong
// type or range, hidden_size that heads don't divide, an activation other than "gelu", relative
// positions.
EncoderConfig read_encoder_config(const std::filesystem::path& directory);

}  // namespace sojourn
