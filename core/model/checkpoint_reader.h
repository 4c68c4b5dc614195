// An encoder's tensors in a checkpoint, whatever model they were saved from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/checkpoint.h"

namespace sojourn {

class CheckpointReader {
 public:
  // Finds the prefix that the encoder's names carry ("", "bert.", "roberta.", ..).
  CheckpointReader(const std::filesystem::path& directory, at::Device device);

  // The tensor as float32 on the device; throws Error(kInput) with file and name where it is
  // missing or of another shape. `copy` may be written to; `view` shares the file's mapped bytes
  // where it can.
  at::Tensor copy(const std::string& name, const std::vector<std::int64_t>& shape) const;
  at::Tensor view(const std::string& name, const std::vector<std::int64_t>& shape) const;

 private:
  at::Tensor checked(const std::string& name, const std::vector<std::int64_t>& shape) const;

  Checkpoint checkpoint_;
  std::filesystem::path directory_;
  at::Device device_;
  std::string prefix_;
};

}  // namespace sojourn
