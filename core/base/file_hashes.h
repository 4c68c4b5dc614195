// SHA-256 of files, computed once a process for each (path, size, time).
#pragma once

#include <filesystem>
#include <string>

namespace sojourn {

// As sha256_file(), remembered; thread-safe.
std::string file_sha256(const std::filesystem::path& file);

}  // namespace sojourn
