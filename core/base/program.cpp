#include "core/base/program.h"

namespace sojourn {

std::filesystem::path program_prefix() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
}

std::filesystem::path tiny_encoder_directory() {
  return program_prefix() / "share/sojourn/tiny-encoder";
}

}  // namespace sojourn
