// A trained tensor and what the optimizer must know of it.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace sojourn {

struct Parameter {
  std::string name;    // as in the checkpoint, for messages
  at::Tensor value;    // float32; a leaf that requires a gradient while it is trained
  bool decays = true;  // weight decay: not of biases and layer norms
};

}  // namespace sojourn
