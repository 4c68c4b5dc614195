// What a finished stage changed, without the rest of the encoder.
#pragma once

#include <filesystem>
#include <vector>

#include "core/model/encoder.h"
#include "core/train/task_head.h"

namespace sojourn {

// Writes what was trained since the encoder was loaded, as safetensors: the active rows of the
// vocabulary and what the others are multiplied by, the layers, the heads. Throws Error(kInternal)
// with file and size where it can't be written, or where nothing was trained.
void save_trained_state(const std::filesystem::path& file, const Encoder& encoder,
                        const std::vector<const TaskHead*>& heads);

// Puts it onto the encoder that the stage started from, freshly loaded, and onto new heads of the
// same names (all of the stage's or some): hidden states and outputs are those after training, bit
// for bit. Throws Error(kInput) with file and tensor where it doesn't fit them.
void apply_trained_state(const std::filesystem::path& file, Encoder& encoder,
                         const std::vector<TaskHead*>& heads);

}  // namespace sojourn
