// The safetensors format: a JSON header with names, types, shapes and offsets, then the bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/file.h"

namespace sojourn {

// The tensors of one file, mapped. Nothing is trusted: a header of at most 100 MB inside the file,
// no name twice, offsets inside the file, shapes that fill their bytes exactly, no overlap, no gap,
// known types. Throws Error(kInput) with the file, the tensor, what was found and what was
// expected.
//
// Source: the format's description in the README of huggingface/safetensors.
class SafetensorsFile {
 public:
  struct Entry {
    at::ScalarType type;  // float, half, bfloat16, double, int64, int32, ... as in the file
    std::vector<std::int64_t> shape;
    std::uint64_t offset;  // of the first byte in the file
    std::uint64_t bytes;
  };

  explicit SafetensorsFile(const std::filesystem::path& file);

  const std::filesystem::path& path() const noexcept { return path_; }
  const std::map<std::string, Entry>& entries() const noexcept { return entries_; }
  // The strings under "__metadata__"; none where there is no such key.
  const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }
  // A read-only view of the mapped bytes (a copy where they aren't aligned for their type), in the
  // file's own type, on the CPU. The mapping lives as long as any such tensor. Throws Error(kInput)
  // where the name isn't there.
  at::Tensor tensor(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<const MappedFile> map_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

struct TensorSource {
  std::string name;
  std::vector<std::int64_t> shape;
  std::function<at::Tensor()> value;  // contiguous, on the CPU
  at::ScalarType type = at::kFloat;   // one of those that SafetensorsFile reads
};

// Writes a file of the tensors in their order, atomically, with {"format": "pt"} and `metadata`
// under "__metadata__". A tensor is asked for only when its turn comes, so that it needn't exist
// before. Equal arguments give equal bytes. Throws Error(kInternal) for a name that is there twice,
// a tensor that isn't what its source says, and, with the file's size, where it can't be written;
// no file is left then.
void write_safetensors(const std::filesystem::path& file, const std::vector<TensorSource>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace sojourn
