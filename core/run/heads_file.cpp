#include "core/run/heads_file.h"

#include <vector>

#include <ATen/core/grad_mode.h>

#include "core/model/saved_tensors.h"

namespace sojourn {

void save_heads(const std::filesystem::path& file, const StageHeads& heads) {
  std::vector<TensorSource> tensors;
  for (const auto& [name, head] : heads) {
    for (const auto& parameter : head.parameters)
      tensors.push_back(saved(parameter.name, parameter.value));
  }
  write_safetensors(file, tensors);
}

void load_heads(const std::filesystem::path& file, StageHeads& heads) {
  const at::NoGradGuard no_grad;
  const SafetensorsFile stored(file);
  for (auto& [name, head] : heads) {
    for (auto& parameter : head.parameters)
      parameter.value.copy_(read_like(stored, parameter.name, parameter.value));
  }
}

}  // namespace sojourn
