// The tasks that the plugins on the search path offer.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/task.h"
#include "plugins/library.h"
#include "plugins/plugin_task.h"

namespace sojourn {

// One line of `sojourn tasks`.
struct TaskListing {
  std::string name;
  std::string version;  // of the plugin
  std::string kind;
  std::vector<std::string> languages;
  std::string licence;  // of the data
  std::filesystem::path file;
};

// Where to look, in order: the folders and plugins given, the folders of SOJOURN_PLUGIN_PATH
// (separated by colons), then the bundled plugins beside the program. Nothing else is ever loaded,
// so neither a study nor its data can name code. Throws Error(kInput) for a given path that is
// neither; a missing folder of the variable is noted in the log.
std::vector<std::filesystem::path> plugin_search_path(
    const std::vector<std::filesystem::path>& given);

// Every *.so of the folders, listed by the JSON file beside it (see sdk/tools/describe.c), or by
// loading it where there is none. Of two files that offer one task, the first on the path serves;
// the log names the other.
class PluginCatalog : public TaskCatalog {
 public:
  // `hashes`: the SHA-256, in hexadecimal, of each plugin that may be loaded; none: all may. Throws
  // Error(kInput) naming the file: a JSON file that describes no plugin, or a library that is none;
  // also for a hash that isn't one.
  explicit PluginCatalog(const std::vector<std::filesystem::path>& search_path,
                         const std::vector<std::string>& hashes = {});

  std::vector<std::string> names() const override;
  Task& task(std::string_view name) override;
  std::vector<TaskListing> listing() const;  // by name

 private:
  struct Entry {
    TaskListing listing;
    std::size_t index = 0;       // of the task in its plugin
    std::string manifest;        // as the JSON file has it, so that a stale one is found out
    std::unique_ptr<Task> task;  // once it is loaded
  };

  void add_file(const std::filesystem::path& file);
  void add_sidecar(const std::filesystem::path& file, const std::filesystem::path& sidecar);
  void add(Entry entry);
  std::shared_ptr<const PluginLibrary> library(const std::filesystem::path& file);

  std::vector<std::string> searched_;
  std::set<std::string> hashes_;
  std::map<std::filesystem::path, std::shared_ptr<const PluginLibrary>> libraries_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sojourn
