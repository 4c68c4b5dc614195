// Adapters as PEFT directories: adapter_config.json and adapter_model.safetensors.
#pragma once

#include <filesystem>

#include "core/model/encoder.h"

namespace sojourn {

inline constexpr const char* kAdapterWeights = "adapter_model.safetensors";

// Writes the adapter that the encoder's last stage trained, under the names that `peft` gives it on
// the bare model. The file of weights says in its metadata which weights the adapter was trained
// beside (Encoder::Adapted::base). Throws Error(kInternal) where there is none.
void save_adapter(const std::filesystem::path& directory, const Encoder& encoder);

// What adapter_config.json says. Throws Error(kInput) with file and key for what isn't LoRA as
// Sojourn trains it: biases, other modules, variants, ranks that differ.
Adapter read_adapter_config(const std::filesystem::path& directory);

// Puts the adapter onto the encoder that it was trained on, as a stage does that ends: merged into
// its weights, or kept apart. Throws Error(kInput) with file and tensor where it doesn't fit, or
// was trained beside other weights; one that doesn't say which, as peft's own, is taken.
void apply_adapter(const std::filesystem::path& directory, Encoder& encoder, bool merge);

}  // namespace sojourn
