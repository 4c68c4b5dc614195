#include "core/run/store_entry.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/hash.h"

namespace sojourn {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRecord = "record.json";

Json listing(const std::map<std::string, StoredFile>& files) {
  Json json = Json::object();
  for (const auto& [name, file] : files)
    json[name] = {{"size", file.size}, {"sha256", file.sha256}};
  return json;
}

std::map<std::string, StoredFile> files_of(const Json& json) {
  std::map<std::string, StoredFile> files;
  for (const auto& [name, file] : json.items())
    files[name] = {file.at("size").get<std::uintmax_t>(), file.at("sha256").get<std::string>()};
  return files;
}

// "" where there is none.
std::string record_text(const fs::path& folder) {
  try {
    return read_file(folder / kRecord);
  } catch (const Error&) {
    return "";
  }
}

std::optional<StoreEntry> parse(const std::string& text, const EntryName& name,
                                const fs::path& folder) {
  try {
    Json json = Json::parse(text);
    const auto checksum = json.at("sha256").get<std::string>();
    json.erase("sha256");
    if (sha256(json.dump()) != checksum) return std::nullopt;
    return StoreEntry{name, folder, json.at("record"), files_of(json.at("files")),
                      files_of(json.at("dropped"))};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string wrong_size(const StoreEntry& entry) {
  for (const auto& [name, file] : entry.files) {
    std::error_code missing;
    const auto size = fs::file_size(entry.folder / name, missing);
    if (missing) return name + " is missing";
    if (size != file.size)
      return name + " has " + std::to_string(size) + " bytes, not " + std::to_string(file.size);
  }
  return "";
}

}  // namespace

std::uintmax_t StoreEntry::size() const {
  std::uintmax_t sum = 0;
  for (const auto& [path, file] : files) sum += file.size;
  return sum;
}

bool StoreEntry::has_all(const std::vector<std::string>& paths) const {
  return std::all_of(paths.begin(), paths.end(), [&](const auto& path) { return has(path); });
}

std::vector<std::string> StoreEntry::file_names() const {
  std::vector<std::string> paths;
  for (const auto& [path, file] : files) paths.push_back(path);
  return paths;
}

std::optional<StoreEntry> read_entry(const EntryName& name, const fs::path& folder,
                                     std::string& damage) {
  std::string before;
  while (true) {
    damage.clear();
    const std::string text = record_text(folder);
    if (!fs::exists(folder)) return std::nullopt;
    auto entry = parse(text, name, folder);
    damage = entry ? wrong_size(*entry) : std::string(kRecord) + " can't be read";
    if (damage.empty()) return entry;
    if (text == before) return std::nullopt;
    before = text;  // unless another process has just written it anew, and removed a file
  }
}

void write_record(const StoreEntry& entry, const fs::path& folder) {
  Json json{{"record", entry.record},
            {"files", listing(entry.files)},
            {"dropped", listing(entry.dropped)}};
  json["sha256"] = sha256(json.dump());
  write_file(folder / kRecord, json.dump(1) + "\n");
  sync_to_disk(folder);
}

void seal_files(StoreEntry& entry, const fs::path& folder) {
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    const fs::path& path = item.path();
    if (item.is_regular_file()) {
      constexpr auto kWrite =
          fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
      fs::permissions(path, kWrite, fs::perm_options::remove);
      entry.files[path.lexically_relative(folder).string()] = {item.file_size(), sha256_file(path)};
    }
    sync_to_disk(path);
  }
}

std::string damage_of(const StoreEntry& entry, const std::string& file) {
  try {
    const std::string digest = sha256_file(entry.folder / file);
    const std::string& expected = entry.files.at(file).sha256;
    return digest == expected ? "" : file + " has the SHA-256 " + digest + ", not " + expected;
  } catch (const Error&) {
    return file + " can't be read";
  }
}

}  // namespace sojourn
