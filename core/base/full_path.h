// Paths as places, whatever way they are written.
#pragma once

#include <algorithm>
#include <filesystem>

namespace sojourn {

// Absolute, without "." and "..", and without a slash at the end: "x/" is a name like "x".
inline std::filesystem::path full_path(const std::filesystem::path& path) {
  return std::filesystem::absolute(path / "").lexically_normal().parent_path();
}

// Whether it is the folder, or something in it, links followed as far as they are there.
inline bool lies_in(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto inner = std::filesystem::weakly_canonical(full_path(path));
  const auto outer = std::filesystem::weakly_canonical(full_path(folder));
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace sojourn
