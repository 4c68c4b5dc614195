// SHA-256 of files, computed once for each (path, size, time, inode).
#pragma once

#include <filesystem>
#include <string>

namespace sojourn {

// As sha256_file(), remembered by the process and, in cache_directory()/hashes, by those that
// follow; thread-safe. A file whose time was changed alone is read once more. One that was changed
// in the last two seconds isn't remembered on disk: it may change again within the same tick of the
// clock. What is damaged there, or can't be written, costs time and nothing else.
std::string file_sha256(const std::filesystem::path& file);

}  // namespace sojourn
