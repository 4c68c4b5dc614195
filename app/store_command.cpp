#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/base/cancel.h"
#include "core/base/text.h"
#include "core/report/table.h"
#include "core/run/stored_study.h"

namespace sojourn {

namespace {

constexpr const char* kExamples = R"(Examples:
  sojourn store ls                      what is kept, its size, and the runs that need it
  sojourn store verify                  reads all files and compares their SHA-256
  sojourn store gc --dry-run            what gc would remove
  sojourn store gc                      removes it: what no run needs whose folder still exists,
                                        damaged entries, and work that nobody is at
  sojourn store gc --weights            also weights of targets, of runs that have all their scores:
                                        a language that is added later then trains its target again
  sojourn store ls --store /scratch/store

A run's folder keeps what it links to: the disk has it until the folder goes too.
Exit codes: 0 done; 1 a failing machine; 2 something is wrong with the command line or the store, or
verify found damage (such entries are set aside, and made again when they are needed); 130 interrupted.)";

std::string id_of(const StoreItem& item) {
  if (item.kind == "work") return "unfinished";
  if (item.kind == "damaged") return "set aside";
  const auto id = item.entry->record.find("id");
  return id != item.entry->record.end() && id->is_string() ? id->get<std::string>() : "";
}

std::string runs_of(const StoreItem& item) {
  std::vector<std::string> names;
  for (const auto& run : item.runs) names.push_back(run.filename().string());
  return names.empty() ? "-" : join(names, " ");
}

// Keys are long; their first digits tell them apart.
std::string short_name(const StoreItem& item) {
  constexpr std::size_t kDigits = 12;
  std::string text;
  std::istringstream parts(item.name);
  for (std::string part; std::getline(parts, part, '-');)
    text += (text.empty() ? "" : "-") + part.substr(0, kDigits);
  return text;
}

// A line for each, and their number and size together.
std::string table_of(const std::vector<StoreItem>& items, const std::string& total) {
  std::vector<std::vector<std::string>> lines{{"kind", "key", "size", "what", "needed by"}};
  std::uintmax_t size = 0;
  for (const auto& item : items) {
    lines.push_back(
        {item.kind, short_name(item), bytes_text(item.size), id_of(item), runs_of(item)});
    size += item.size;
  }
  const std::string sum = std::to_string(items.size()) + total + ", " + bytes_text(size) + "\n";
  return items.empty() ? sum : left_aligned(lines) + sum;
}

int verify(StageStore& store) {
  std::size_t damaged = 0;
  std::size_t sound = 0;
  for (const auto& item : store.list()) {
    if (item.kind == "damaged") ++damaged;
    if (item.entry) ++(store.verify(*item.entry) ? sound : damaged);
  }
  std::printf("%zu entries are sound, %zu damaged\n", sound, damaged);
  return damaged == 0 ? kExitOk : kExitInput;
}

// Of stages that are needed, by runs that have all their scores; returns how many bytes they have.
std::uintmax_t remove_weights(StageStore& store, bool dry_run) {
  std::uintmax_t size = 0;
  for (auto& item : store.list()) {
    if (item.kind != "stages" || !item.scored || !item.entry->has(kStateFile)) continue;
    size += item.entry->files.at(kStateFile).size;
    if (!dry_run) store.remove_file(*item.entry, kStateFile);
  }
  return size;
}

}  // namespace

CLI::App* add_store(CLI::App& app, StoreArguments& arguments) {
  auto* store = app.add_subcommand("store", "List, verify or clean up the stages that are kept");
  store->footer(kExamples);
  store->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& what) {
    auto* action = store->add_subcommand(name, what);
    action->add_option("--store", arguments.store, "Folder of the store [runs/.store]")
        ->type_name("DIR");
    action->callback([&arguments, name] { arguments.action = name; });
    action->footer(kExamples);
    return action;
  };
  add("ls", "List what is kept, its size, and the runs that need it");
  add("verify", "Read all files and compare their SHA-256");
  auto* gc = add("gc", "Remove what no run needs");
  gc->add_flag("--dry-run", arguments.dry_run, "Say what would be removed, and remove nothing");
  gc->add_flag("--weights", arguments.weights,
               "Also weights of targets that are scored, which only new scores would need");
  return store;
}

int store_command(const StoreArguments& arguments) {
  watch_for_interrupt();
  StageStore store(arguments.store);
  if (arguments.action == "verify") return verify(store);
  const bool gc = arguments.action == "gc";
  const auto items = gc ? store.gc(arguments.dry_run) : store.list();
  const char* total = !gc ? " in all" : arguments.dry_run ? " would be removed" : " removed";
  std::printf("%s", table_of(items, total).c_str());
  if (arguments.weights) {
    const std::uintmax_t size = remove_weights(store, arguments.dry_run);
    std::printf("weights of scored targets: %s%s\n", bytes_text(size).c_str(), total);
  }
  return kExitOk;
}

}  // namespace sojourn
