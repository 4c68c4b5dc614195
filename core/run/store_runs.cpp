#include "core/run/store_runs.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/full_path.h"
#include "core/base/hash.h"

namespace sojourn {

namespace fs = std::filesystem;

namespace {

// Done or under way.
bool has_run(const fs::path& folder) {
  return fs::exists(folder / "manifest.json") || fs::exists(folder.string() + ".partial");
}

}  // namespace

void write_needs(const fs::path& root, const fs::path& run, const std::vector<EntryName>& entries) {
  const fs::path folder = full_path(run);
  nlohmann::ordered_json note{{"run", folder.string()},
                              {"run_from_store", folder.lexically_relative(root).string()},
                              {"entries", nlohmann::ordered_json::array()}};
  for (const auto& entry : entries) note["entries"].push_back({entry.kind, entry.key});
  make_folders(root / "runs");
  write_file(root / "runs" / (sha256(folder.string()) + ".json"), note.dump(1) + "\n");
  sync_to_disk(root / "runs");
}

std::vector<RunNeeds> read_needs(const fs::path& root) {
  std::vector<RunNeeds> all;
  for (const auto& name : names_in(root / "runs")) {
    if (!name.ends_with(".json")) continue;
    RunNeeds needs{root / "runs" / name, {}, {}, true};
    try {
      const auto note = nlohmann::json::parse(read_file(needs.note));
      needs.run = note.at("run").get<std::string>();
      if (!has_run(needs.run)) {
        const fs::path moved = root / note.at("run_from_store").get<std::string>();
        needs.kept = has_run(moved.lexically_normal());
        if (needs.kept) needs.run = moved.lexically_normal();
      }
      for (const auto& entry : note.at("entries"))
        needs.entries.insert({entry.at(0).get<std::string>(), entry.at(1).get<std::string>()});
    } catch (const nlohmann::json::exception&) {
      throw input_error(needs.note.string(),
                        "isn't what this program wrote, so that it can't be known what a run "
                        "needs; remove it, and run that study again to keep its stages");
    }
    all.push_back(std::move(needs));
  }
  return all;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& item : fs::directory_iterator(folder, none))
    names.push_back(item.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sojourn
