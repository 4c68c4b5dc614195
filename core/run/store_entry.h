// One entry of the stage store, as it lies on disk: a folder of files and record.json, which lists
// them with their sizes and SHA-256.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sojourn {

struct EntryName {
  std::string kind;  // "stages" or "scores"
  std::string key;   // hexadecimal; a hash of all that the entry's bytes depend on
  auto operator<=>(const EntryName&) const = default;
};

struct StoredFile {
  std::uintmax_t size = 0;  // bytes
  std::string sha256;
};

struct StoreEntry {
  EntryName name;
  std::filesystem::path folder;
  nlohmann::ordered_json record;              // the caller's
  std::map<std::string, StoredFile> files;    // by path in the folder
  std::map<std::string, StoredFile> dropped;  // were there, and were removed to save disk

  bool has(const std::string& file) const { return files.contains(file); }
  bool has_all(const std::vector<std::string>& paths) const;
  std::vector<std::string> file_names() const;
  std::uintmax_t size() const;  // bytes of all files
};

// The entry in `folder`, whose files are all there with the right sizes. Nothing where there is no
// such folder (`damage` is empty then), or where it's damaged (`damage` says how).
std::optional<StoreEntry> read_entry(const EntryName& name, const std::filesystem::path& folder,
                                     std::string& damage);

// Writes record.json, as a whole and onto the disk.
void write_record(const StoreEntry& entry, const std::filesystem::path& folder);

// Lists the files in the folder in `entry.files`, makes them read-only (they will be linked to from
// elsewhere) and brings them and their folders to the disk.
void seal_files(StoreEntry& entry, const std::filesystem::path& folder);

// What is wrong with the content of a file of the entry, or "".
std::string damage_of(const StoreEntry& entry, const std::string& file);

}  // namespace sojourn
