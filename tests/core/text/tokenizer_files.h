// The tiny tokenizer of tests/golden/tokenizer, and encoder directories made from it.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/file.h"

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
  EncoderDirectory() {
    static std::atomic<int> count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("sojourn-tokenizer-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  EncoderDirectory(const EncoderDirectory&) = delete;
  EncoderDirectory& operator=(const EncoderDirectory&) = delete;
  ~EncoderDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  // Not by write_file, and not over an older file, since both may wait for the disk and one test
  // writes thousands of files.
  void write(const char* name, std::string_view content) const {
    std::filesystem::remove(path_ / name);
    std::ofstream(path_ / name, std::ios::binary) << content;
  }

 private:
  std::filesystem::path path_;
};

constexpr const char* kModelName = "sentencepiece.bpe.model";
constexpr const char* kJsonName = "tokenizer.json";

}  // namespace sojourn
