#include "plugins/library.h"

#include <array>
#include <cstddef>
#include <fstream>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include <boost/dll/shared_library.hpp>

#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/abi_sizes.h"
#include "plugins/containment.h"
#include "plugins/host_api.h"

namespace sojourn {

namespace {

constexpr const char* kEntry = "sojourn_plugin_entry_v1";

bool is_elf(const std::filesystem::path& file) {
  std::array<char, 4> head{};
  std::ifstream(file, std::ios::binary).read(head.data(), head.size());
  return std::string_view(head.data(), head.size()) ==
         "\x7F"
         "ELF";
}

// A library stays loaded until the process ends: its code may be in use in ways that nobody can
// see.
const boost::dll::shared_library& keep_loaded(const std::filesystem::path& file) {
  static std::mutex mutex;
  static auto& loaded = *new std::map<std::string, boost::dll::shared_library>;
  const std::lock_guard lock(mutex);
  const std::string path = std::filesystem::weakly_canonical(file).string();
  const auto known = loaded.find(path);
  if (known != loaded.end()) return known->second;
  if (!is_elf(file)) throw input_error(file.string(), "is no plugin: not a shared library");
  try {
    boost::dll::shared_library library(
        path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (!library.has(kEntry)) {
      throw input_error(file.string(), std::string("is no plugin: it exports no ") + kEntry);
    }
    return loaded.emplace(path, std::move(library)).first->second;
  } catch (const boost::system::system_error& error) {
    throw input_error(file.string(), std::string("can't be loaded: ") + error.what());
  }
}

std::string abi_version(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

void check_identifier(const char* text, const char* what, const std::filesystem::path& file) {
  if (text == nullptr || *text == '\0')
    throw input_error(file.string(), std::string("this plugin has no ") + what);
  if (invalid_utf8_at(text))
    throw input_error(file.string(), std::string("this plugin's ") + what + " isn't UTF-8");
}

// Of what a plugin says about itself: more is a number that was never set.
constexpr std::uint64_t kMostBytes = 1 << 20;
constexpr std::uint64_t kMostTasks = 1000;

template <typename Refuse>
void check_size(std::uint64_t struct_size, const Refuse& refuse) {
  if (struct_size > kMostBytes)
    refuse("describes itself in " + std::to_string(struct_size) + " bytes, expected at most " +
           std::to_string(kMostBytes));
}

void check_task(const sojourn_task* task, std::uint64_t number, const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& what) {
    throw input_error(file.string(), "task " + std::to_string(number) + " of this plugin " + what);
  };
  if (task == nullptr) refuse("isn't there");
  if (task->struct_size < kTaskSize) {
    refuse("describes itself in " + std::to_string(task->struct_size) +
           " bytes, expected at least " + std::to_string(kTaskSize));
  }
  check_size(task->struct_size, refuse);
  if (task->manifest.p == nullptr) refuse("has no manifest");
  if (task->manifest.n > kMostBytes)
    refuse("has a manifest of " + std::to_string(task->manifest.n) + " bytes, expected at most " +
           std::to_string(kMostBytes));
  const std::pair<const char*, bool> callbacks[] = {
      {"dataset_open", task->dataset_open != nullptr},
      {"example", task->example != nullptr},
      {"featurize", task->featurize != nullptr},
      {"dataset_close", task->dataset_close != nullptr},
      {"decode_create", task->decode_create != nullptr},
      {"decode_add", task->decode_add != nullptr},
      {"decode_finish", task->decode_finish != nullptr},
      {"decode_destroy", task->decode_destroy != nullptr},
      {"score", task->score != nullptr}};
  for (const auto& [name, there] : callbacks) {
    if (!there) refuse(std::string("has no callback ") + name);
  }
}

}  // namespace

void check_plugin(const sojourn_plugin* plugin, const std::filesystem::path& file) {
  const std::string where = file.string();
  if (plugin == nullptr) throw input_error(where, "this plugin's entry returns nothing");
  // The versions come first: another major may describe itself in another way from there on.
  const bool has_versions =
      plugin->struct_size >= offsetof(sojourn_plugin, abi_needed) + sizeof(plugin->abi_needed);
  if (has_versions && plugin->abi_major != SOJOURN_ABI_MAJOR) {
    throw input_error(where, "this plugin is made for plugin ABI " +
                                 std::to_string(plugin->abi_major) + ", this host has " +
                                 abi_version(SOJOURN_ABI_MAJOR, SOJOURN_ABI_MINOR) +
                                 "; rebuild one against the other's SDK");
  }
  if (has_versions && plugin->abi_needed > SOJOURN_ABI_MINOR) {
    throw input_error(where, "this plugin needs plugin ABI " +
                                 abi_version(plugin->abi_major, plugin->abi_needed) +
                                 " or newer, this host has " +
                                 abi_version(SOJOURN_ABI_MAJOR, SOJOURN_ABI_MINOR) +
                                 "; use a newer host");
  }
  if (plugin->struct_size < kPluginSize) {
    throw input_error(where, "this plugin describes itself in " +
                                 std::to_string(plugin->struct_size) +
                                 " bytes, expected at least " + std::to_string(kPluginSize));
  }
  check_size(plugin->struct_size,
             [&](const std::string& what) { throw input_error(where, "this plugin " + what); });
  check_identifier(plugin->id, "id", file);
  check_identifier(plugin->version, "version", file);
  check_identifier(plugin->licence, "licence", file);
  if (plugin->init == nullptr) throw input_error(where, "this plugin has no callback init");
  if (plugin->n_tasks == 0 || plugin->tasks == nullptr)
    throw input_error(where, "this plugin has no task");
  if (plugin->n_tasks > kMostTasks)
    throw input_error(where, "this plugin has " + std::to_string(plugin->n_tasks) +
                                 " tasks, expected at most " + std::to_string(kMostTasks));
  for (std::uint64_t i = 0; i < plugin->n_tasks; ++i) check_task(plugin->tasks[i], i, file);
}

PluginEntry plugin_entry(const std::filesystem::path& file) {
  return &keep_loaded(file).get<const sojourn_plugin*() noexcept>(kEntry);
}

std::shared_ptr<const PluginLibrary> PluginLibrary::load(const std::filesystem::path& file) {
  sojourn_ctx context{"plugin " + file.string(), kEntry};
  const sojourn_plugin* plugin = call_plugin(context, plugin_entry(file));
  check_plugin(plugin, file);
  return std::make_shared<const PluginLibrary>(file, *plugin);
}

PluginLibrary::PluginLibrary(std::filesystem::path file, const sojourn_plugin& plugin)
    : file_(std::move(file)),
      plugin_(&plugin),
      version_(plugin.version),
      label_(std::string("plugin ") + plugin.id + " " + plugin.version) {
  sojourn_ctx context{label_, "init"};
  const sojourn_status status = call_plugin(context, plugin.init, host_table(), &context, &self_);
  if (status != SOJOURN_OK) {
    const std::string reason =
        context.plugin_error.empty() ? "status " + std::to_string(status) : context.plugin_error;
    throw input_error(file_.string(), "this plugin doesn't start: " + reason);
  }
}

PluginLibrary::~PluginLibrary() {
  if (plugin_->shutdown == nullptr) return;
  sojourn_ctx context{label_, "shutdown"};
  call_plugin(context, plugin_->shutdown, self_);
}

}  // namespace sojourn
