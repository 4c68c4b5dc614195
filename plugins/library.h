// A plugin's shared library: loaded, checked, started.
#pragma once

#include <sojourn/task_abi.h>

#include <filesystem>
#include <memory>
#include <string>

namespace sojourn {

// The description that a plugin's entry returns, checked as far as the host relies on it: version,
// sizes, no missing callback. Throws Error(kInput) at `file` in one sentence.
void check_plugin(const sojourn_plugin* plugin, const std::filesystem::path& file);

// The entry of a library, loaded and never unloaded. Throws Error(kInput) naming the file for one
// that is no shared library or has no entry.
using PluginEntry = const sojourn_plugin* (*)() noexcept;
PluginEntry plugin_entry(const std::filesystem::path& file);

class PluginLibrary {
 public:
  // Loads (and never unloads), checks and starts it. Throws Error(kInput) naming the file: no
  // shared library, one without the entry, or one that this host can't use.
  static std::shared_ptr<const PluginLibrary> load(const std::filesystem::path& file);

  PluginLibrary(std::filesystem::path file, const sojourn_plugin& plugin);
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;
  ~PluginLibrary();

  const std::filesystem::path& file() const noexcept { return file_; }
  const std::string& version() const noexcept { return version_; }
  const std::string& label() const noexcept { return label_; }  // "plugin mine 1.0"
  const sojourn_plugin& plugin() const noexcept { return *plugin_; }
  void* self() const noexcept { return self_; }

 private:
  std::filesystem::path file_;
  const sojourn_plugin* plugin_;
  std::string version_;
  std::string label_;
  void* self_ = nullptr;
};

}  // namespace sojourn
