// The program's own place, and what is installed beside it.
#pragma once

#include <filesystem>

namespace sojourn {

// The folder that holds the program's `bin`, of a build or an installation.
std::filesystem::path program_prefix();

// A tiny encoder of random weights, as a Hugging Face directory: for trying tasks, not for results.
std::filesystem::path tiny_encoder_directory();

}  // namespace sojourn
