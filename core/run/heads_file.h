// The heads of a stage as a file beside its encoder.
#pragma once

#include <filesystem>

#include "core/run/stage_scorer.h"

namespace sojourn {

// As safetensors, float32, "head.<name>.<parameter>".
void save_heads(const std::filesystem::path& file, const StageHeads& heads);

// Into heads of the same names and shapes. Throws Error(kInput) with file and tensor otherwise.
void load_heads(const std::filesystem::path& file, StageHeads& heads);

}  // namespace sojourn
