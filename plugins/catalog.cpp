#include "plugins/catalog.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/file_hashes.h"
#include "core/base/log.h"
#include "core/base/program.h"
#include "core/base/text.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashLength = 64;

TaskListing list(const Manifest& manifest, const std::string& version, const fs::path& file) {
  return {manifest.name, version, manifest.kind, manifest.languages, manifest.licence, file};
}

std::vector<fs::path> libraries_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".so") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::vector<fs::path> plugin_search_path(const std::vector<fs::path>& given) {
  std::vector<fs::path> folders;
  for (const auto& path : given) {
    if (!fs::is_directory(path) && !fs::is_regular_file(path))
      throw input_error(path.string(), "is neither a plugin nor a folder of plugins");
    folders.push_back(path);
  }
  const char* variable =
      std::getenv("SOJOURN_PLUGIN_PATH");  // NOLINT(concurrency-mt-unsafe): read once, at the start
  for (const fs::path folder : split_path(variable == nullptr ? "" : variable)) {
    if (fs::is_directory(folder)) {
      folders.push_back(folder);
    } else {
      spdlog::warn("SOJOURN_PLUGIN_PATH: {} is no folder", folder.string());
    }
  }
  const fs::path bundled = program_prefix() / "lib/sojourn/tasks";
  if (fs::is_directory(bundled)) folders.push_back(bundled);
  return folders;
}

PluginCatalog::PluginCatalog(const std::vector<fs::path>& search_path,
                             const std::vector<std::string>& hashes)
    : hashes_(hashes.begin(), hashes.end()) {
  for (const auto& hash : hashes_) {
    if (hash.size() != kHashLength || hash.find_first_not_of("0123456789abcdef") != hash.npos)
      throw input_error("--require-hash " + hash, "expected 64 digits 0-9 and a-f, of a SHA-256");
  }
  for (const auto& path : search_path) {
    searched_.push_back(path.string());
    if (fs::is_regular_file(path)) {
      add_file(path);
    } else {
      for (const auto& file : libraries_in(path)) add_file(file);
    }
  }
}

void PluginCatalog::add_file(const fs::path& file) {
  const fs::path sidecar = fs::path(file).replace_extension(".json");
  if (fs::exists(sidecar)) {
    add_sidecar(file, sidecar);
    return;
  }
  const auto loaded = library(file);
  for (std::size_t i = 0; i < loaded->plugin().n_tasks; ++i) {
    auto task = std::make_unique<PluginTask>(loaded, i);
    Entry entry{list(task->manifest(), loaded->version(), file), i, "", nullptr};
    entry.task = std::move(task);
    add(std::move(entry));
  }
}

void PluginCatalog::add_sidecar(const fs::path& file, const fs::path& sidecar) {
  try {
    const auto description = nlohmann::json::parse(read_file(sidecar));
    const auto version = description.at("version").get<std::string>();
    std::size_t index = 0;
    for (const auto& task : description.at("tasks")) {
      const std::string manifest = task.dump();
      add({list(parse_manifest(manifest, sidecar.string()), version, file), index++, manifest,
           nullptr});
    }
  } catch (const nlohmann::json::exception& error) {
    throw input_error(sidecar.string(),
                      std::string("doesn't describe a plugin, delete it: ") + error.what());
  }
}

void PluginCatalog::add(Entry entry) {
  const auto known = entries_.find(entry.listing.name);
  if (known != entries_.end()) {
    spdlog::info("task '{}': {} serves, {} is left out", entry.listing.name,
                 known->second.listing.file.string(), entry.listing.file.string());
    return;
  }
  const std::string name = entry.listing.name;
  entries_.emplace(name, std::move(entry));
}

std::shared_ptr<const PluginLibrary> PluginCatalog::library(const fs::path& file) {
  auto& library = libraries_[file];
  if (library != nullptr) return library;
  if (!hashes_.empty()) {
    const std::string hash = file_sha256(file);
    if (!hashes_.contains(hash))
      throw input_error(file.string(), "its SHA-256 is " + hash + ", which --require-hash lacks");
  }
  library = PluginLibrary::load(file);
  return library;
}

std::vector<std::string> PluginCatalog::names() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& entry : entries_) names.push_back(entry.first);
  return names;
}

std::vector<TaskListing> PluginCatalog::listing() const {
  std::vector<TaskListing> lines;
  lines.reserve(entries_.size());
  for (const auto& entry : entries_) lines.push_back(entry.second.listing);
  return lines;
}

Task& PluginCatalog::task(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw input_error("task '" + std::string(name) + "'",
                      "no plugin offers it" + did_you_mean(name, names()) + "; looked in " +
                          join(searched_, ", "));
  }
  Entry& entry = found->second;
  if (entry.task == nullptr) {
    const fs::path& file = entry.listing.file;
    const auto loaded = library(file);
    const auto& plugin = loaded->plugin();
    const bool same =
        loaded->version() == entry.listing.version && entry.index < plugin.n_tasks &&
        nlohmann::json::parse(from_abi(plugin.tasks[entry.index]->manifest), nullptr, false)
                .dump() == entry.manifest;
    if (!same) {
      throw input_error(
          fs::path(file).replace_extension(".json").string(),
          "describes another version of the plugin beside it; delete it or make it again");
    }
    entry.task = std::make_unique<PluginTask>(loaded, entry.index);
  }
  return *entry.task;
}

}  // namespace sojourn
