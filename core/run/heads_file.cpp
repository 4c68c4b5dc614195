#include "core/run/heads_file.h"

#include <vector>

#include <ATen/core/grad_mode.h>

#include "core/base/error.h"
#include "core/model/safetensors.h"

namespace sojourn {

void save_heads(const std::filesystem::path& file, const StageHeads& heads) {
  std::vector<TensorSource> tensors;
  for (const auto& [name, head] : heads) {
    for (const auto& [parameter, value, decays] : head.parameters) {
      tensors.push_back({parameter, value.sizes().vec(),
                         [value = value] { return value.detach().to(at::kCPU).contiguous(); }});
    }
  }
  write_safetensors(file, tensors);
}

void load_heads(const std::filesystem::path& file, StageHeads& heads) {
  const at::NoGradGuard no_grad;
  const SafetensorsFile saved(file);
  for (auto& [name, head] : heads) {
    for (auto& parameter : head.parameters) {
      const auto value = saved.tensor(parameter.name);
      if (value.sizes() != parameter.value.sizes())
        throw input_error(file.string(), "tensor " + parameter.name + " is of another shape");
      parameter.value.copy_(value);
    }
  }
}

}  // namespace sojourn
