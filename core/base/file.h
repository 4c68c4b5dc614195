// Files: read whole, mapped read-only, and written so that a reader never sees half of one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace sojourn {

// The whole content. Throws Error(kInput) naming the file when it is missing or unreadable.
std::string read_file(const std::filesystem::path& file);

// Writes beside the place, syncs and renames. Throws Error(kInternal) with the system's reason
// (a full disk), and leaves an older file of that name as it was.
void write_file(const std::filesystem::path& file, std::string_view content);

// A writer of the same guarantee for content that comes in pieces; without commit() nothing
// changes.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path file);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::string_view bytes);
  void commit();

 private:
  std::filesystem::path file_;
  std::filesystem::path temporary_;
  int descriptor_;
};

// A file's bytes, mapped read-only; valid as long as the object lives. An empty file is an empty
// span.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& file);  // throws Error(kInput)
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  std::string_view text() const noexcept;

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Where things that can be made again are kept: $XDG_CACHE_HOME/sojourn, else ~/.cache/sojourn.
std::filesystem::path cache_directory();

}  // namespace sojourn
