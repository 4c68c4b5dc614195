// Files: read whole, mapped read-only, and written so that a reader never sees half of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace sojourn {

// The whole content. Throws Error(kInput) naming the file when it is missing or unreadable.
std::string read_file(const std::filesystem::path& file);

// Writes beside the place, syncs, renames, and syncs the folder. Throws Error(kInternal) with the
// system's reason (a full disk) and the bytes needed, and leaves an older file of that name as it
// was.
void write_file(const std::filesystem::path& file, std::string_view content);

// A writer of the same guarantee for content that comes in pieces; without commit() nothing
// changes. `bytes`, where they are known before, are in messages about what can't be written.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path file, std::uintmax_t bytes = 0);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::string_view bytes);
  void commit();

 private:
  Error write_error() const;  // with the system's reason

  std::filesystem::path file_;
  std::filesystem::path temporary_;
  std::uintmax_t bytes_;
  std::uintmax_t written_ = 0;
  int descriptor_;
};

// The next three throw Error(kInternal) with the system's reason.

// Makes a folder and its parents, such that a power cut doesn't take them away.
void make_folders(const std::filesystem::path& folder);

// Returns when what a file holds, or the names in a folder, are on the disk.
void sync_to_disk(const std::filesystem::path& path);

// The file `from` under the name `to` too, or a folder with all files in it; `to` is new, its
// parents exist. A hard link, so that it costs no disk; a copy where there can be none, such as on
// another file system. So what is linked must never be written to: this program only ever replaces
// files by renaming new ones.
void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to);

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
