// The tiny tokenizer of tests/golden/tokenizer, and encoder directories made from it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"

namespace sojourn {

inline std::filesystem::path golden_tokenizer() {
  return std::filesystem::path(SOJOURN_SOURCE_DIR) / "tests" / "golden" / "tokenizer";
}

inline nlohmann::json golden_json(const char* name) {
  return nlohmann::json::parse(read_file(golden_tokenizer() / name));
}

// An encoder directory of one test, removed at its end.
class EncoderDirectory {
 public:
  const std::filesystem::path& path() const { return folder_.path(); }
  // Not by write_file, and not over an older file, since both may wait for the disk and one test
  // writes thousands of files.
  void write(const char* name, std::string_view content) const {
    std::filesystem::remove(path() / name);
    std::ofstream(path() / name, std::ios::binary) << content;
  }

 private:
  TemporaryDirectory folder_;
};

constexpr const char* kModelName = "sentencepiece.bpe.model";
constexpr const char* kJsonName = "tokenizer.json";

}  // namespace sojourn
