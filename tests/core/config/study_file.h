// A study file in a folder of its own, for one test.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <stdlib.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/config/study.h"

namespace sojourn::testing {

class StudyFile {
 public:
  explicit StudyFile(const std::string& text) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "sojourn-study-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    write_file(path(), text);
  }
  StudyFile(const StudyFile&) = delete;
  StudyFile& operator=(const StudyFile&) = delete;
  ~StudyFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path path() const { return folder_ / "study.toml"; }
  Study load(const std::vector<std::string>& overrides = {}) const {
    return load_study(path(), overrides);
  }

  // What load() complains about, with the file called FILE; "" where it doesn't.
  std::string error(const std::vector<std::string>& overrides = {}) const {
    try {
      load(overrides);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) return "not the kind for bad input";
      return replace_all(error.what(), path().string(), "FILE");
    }
    return "";
  }

 private:
  std::filesystem::path folder_;
};

// The shortest study that is one.
inline std::string minimal_study() {
  return R"(schema = 1
name = "tiny"
[encoder]
path = "enc"
[data]
root = "data"
[[target]]
task = "tags"
)";
}

// The shortest study with more in its target, or after it.
inline std::string error_after(const std::string& more,
                               const std::vector<std::string>& overrides = {}) {
  return StudyFile(minimal_study() + more).error(overrides);
}

}  // namespace sojourn::testing
