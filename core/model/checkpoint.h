// The weights of a Hugging Face directory, in one file or several.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/safetensors.h"

namespace sojourn {

// model.safetensors, or else all the files that model.safetensors.index.json names, as one set of
// tensors.
class Checkpoint {
 public:
  // Throws Error(kInput): no such file (where pytorch_model.bin is all there is, the message says
  // how to convert it), an index that names no plain file of the directory, a shard that is
  // missing, a tensor that isn't in its shard, and whatever is wrong with a file.
  static Checkpoint open(const std::filesystem::path& directory);

  bool has(const std::string& name) const { return files_.contains(name); }
  std::vector<std::string> names() const;  // sorted
  // As SafetensorsFile's.
  at::Tensor tensor(const std::string& name) const;
  // The file that a message about this tensor should name: the shard, or the directory where no
  // file has the tensor.
  std::filesystem::path file_of(const std::string& name) const;

 private:
  std::filesystem::path directory_;
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> files_;  // by tensor name
};

}  // namespace sojourn
