// A tiny encoder whose every byte follows from a formula: 4 layers, hidden size 32, 128 tokens,
// some 350 pieces of a dozen scripts.
#pragma once

#include <filesystem>

#include "core/model/encoder_config.h"

namespace sojourn {

// Writes it as a Hugging Face directory (config.json, model.safetensors, tokenizer.json,
// tokenizer_config.json), made if need be. tests/golden/tiny_model.py writes the same bytes.
void write_tiny_model(const std::filesystem::path& directory, EncoderType type);

}  // namespace sojourn
