// Tensors on their way into a safetensors file and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "core/model/safetensors.h"

namespace sojourn {

// The tensor as it is when it is written; of any device.
TensorSource saved(const std::string& name, const at::Tensor& value);
TensorSource saved(const std::string& name, const std::vector<std::int64_t>& numbers);
TensorSource saved(const std::string& name, std::string_view bytes);

// These throw Error(kInput) with file and tensor where it isn't there or of another type or shape.
at::Tensor read_like(const SafetensorsFile& file, const std::string& name, const at::Tensor& like);
std::vector<std::int64_t> read_numbers(const SafetensorsFile& file, const std::string& name);
std::string read_bytes(const SafetensorsFile& file, const std::string& name);

// The JSON object under this key of the file's metadata; throws Error(kInput).
nlohmann::json read_state(const SafetensorsFile& file, const std::string& key);

}  // namespace sojourn
