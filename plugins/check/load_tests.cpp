#include "plugins/check/load_tests.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "plugins/abi_sizes.h"
#include "plugins/check/callback_mark.h"
#include "plugins/check/traced_plugin.h"
#include "plugins/containment.h"
#include "plugins/plugin_task.h"

namespace sojourn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kMostSeconds = 0.1;

PluginEntry load(const std::filesystem::path& file) {
  callback_mark()->begin(kLoading);
  const PluginEntry entry = plugin_entry(file);
  callback_mark()->end(kLoading);
  return entry;
}

const sojourn_plugin* enter(PluginEntry entry) {
  sojourn_ctx context{"plugin", "sojourn_plugin_entry_v1"};
  return call_plugin(context, entry);
}

// Seconds to load the library and ask its entry, in a process that hasn't done so before.
double seconds_to_enter(const std::filesystem::path& file) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return 0;
  const pid_t process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto start = Clock::now();
    try {
      enter(load(file));
    } catch (const std::exception&) {
      ::_exit(1);  // which is said once this process does the same
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const bool said = ::write(ends[1], &seconds, sizeof(seconds)) == sizeof(seconds);
    ::_exit(said ? 0 : 1);
  }
  ::close(ends[1]);
  double seconds = 0;  // where it died
  const bool heard = ::read(ends[0], &seconds, sizeof(seconds)) == sizeof(seconds);
  ::close(ends[0]);
  ::waitpid(process, nullptr, 0);
  return heard ? seconds : 0;
}

// Loads and describes, but doesn't start.
sojourn_status no_init(const sojourn_host* /*host*/, sojourn_ctx* /*context*/,
                       void** /*self*/) noexcept {
  return SOJOURN_OK;
}

std::vector<std::string> task_names(const sojourn_plugin& plugin) {
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < plugin.n_tasks; ++i)
    names.push_back(parse_manifest(from_abi(plugin.tasks[i]->manifest), "task").name);
  return names;
}

}  // namespace

void LoadTests::open() {
  constexpr int kTries = 3;  // another process may have had the processor
  fastest_ = seconds_to_enter(file_);
  for (int i = 1; i < kTries && fastest_ > kMostSeconds; ++i)
    fastest_ = std::min(fastest_, seconds_to_enter(file_));
  load(file_);
}

void LoadTests::entry() const {
  const PluginEntry function = load(file_);
  const sojourn_plugin* first = enter(function);
  if (first == nullptr) throw CheckFinding("it returns nothing");
  const sojourn_plugin* on_thread = nullptr;
  std::thread([&] { on_thread = enter(function); }).join();
  if (enter(function) != first || on_thread != first)
    throw CheckFinding("it returns another pointer at each call");
}

void LoadTests::entry_time() const {
  if (fastest_ <= kMostSeconds) return;
  throw CheckFinding("loading and entry took " + std::to_string(static_cast<int>(fastest_ * 1000)) +
                     " ms");
}

const sojourn_plugin& LoadTests::plugin() const { return *enter(load(file_)); }

void LoadTests::description() const { check_plugin(&plugin(), file_); }

void LoadTests::manifest() const {
  sojourn_plugin quiet = known_part(plugin());
  quiet.init = &no_init;
  quiet.shutdown = nullptr;
  const auto library = std::make_shared<const PluginLibrary>(file_, quiet);
  for (std::uint64_t i = 0; i < quiet.n_tasks; ++i) PluginTask(library, i);
}

void LoadTests::names() const {
  std::set<std::string> seen;
  for (const auto& name : task_names(plugin())) {
    if (!seen.insert(name).second) throw CheckFinding("two tasks have the name '" + name + "'");
  }
}

void LoadTests::sidecar() const {
  const auto sidecar = std::filesystem::path(file_).replace_extension(".json");
  if (!std::filesystem::exists(sidecar))
    throw CheckSkipped("there is no " + sidecar.filename().string());
  const auto said = nlohmann::json::parse(read_file(sidecar), nullptr, /*allow_exceptions=*/false);
  if (!said.is_object()) throw CheckFinding(sidecar.string() + ": is no JSON object");
  const sojourn_plugin& is = plugin();
  nlohmann::json tasks = nlohmann::json::array();
  for (std::uint64_t i = 0; i < is.n_tasks; ++i)
    tasks.push_back(nlohmann::json::parse(from_abi(is.tasks[i]->manifest)));
  const nlohmann::json facts{
      {"id", is.id},
      {"version", is.version},
      {"licence", is.licence},
      {"abi", {{"major", is.abi_major}, {"built", is.abi_built}, {"needed", is.abi_needed}}},
      {"tasks", tasks}};
  for (const auto& [key, value] : facts.items()) {
    const auto found = said.find(key);
    if (found == said.end()) throw CheckFinding(sidecar.string() + ": has no '" + key + "'");
    if (*found != value)
      throw CheckFinding(sidecar.string() + ": '" + key + "' isn't what the library says");
  }
}

void LoadTests::init() const {
  const sojourn_plugin& traced = traced_plugin(plugin(), 0);
  const PluginLibrary once(file_, traced);
  const PluginLibrary twice(file_, traced);
  const auto violations = take_violations();
  if (!violations.empty()) throw CheckFinding(join(violations, "; "));
}

std::vector<std::string> LoadTests::tasks() const { return task_names(plugin()); }

}  // namespace sojourn
