#include "core/run/stage_store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include <stdio.h>  // rename() reports why in errno
#include <unistd.h>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/full_path.h"
#include "core/base/log.h"
#include "core/run/store_runs.h"

namespace sojourn {

namespace fs = std::filesystem;

namespace {

constexpr std::array kKinds{"stages", "scores"};
constexpr const char* kMarker = "sojourn-store";
constexpr const char* kFormat = "1\n";

Error disk_error(const fs::path& path, const std::string& what, int error) {
  return {ErrorKind::kInternal, path.string(),
          what + ": " + std::generic_category().message(error)};
}

// What the standard library throws when a disk is full, as this program says it.
template <typename Action>
auto on_disk(const Action& action) {
  try {
    return action();
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::kInternal, error.path1().string(), error.what());
  }
}

void wait_a_second() {
  for (int i = 0; i < 20; ++i) {
    throw_if_interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

std::unique_ptr<FolderLock> wait_for(const fs::path& folder, const LockTimes& times) {
  LockOwner owner;
  while (true) {
    if (auto lock = FolderLock::try_take(folder, times, owner)) return lock;
    wait_a_second();
  }
}

// Others may be writing there.
std::uintmax_t size_of(const fs::path& folder) {
  std::uintmax_t sum = 0;
  std::error_code gone;
  for (fs::recursive_directory_iterator item(folder, gone), end; !gone && item != end;
       item.increment(gone)) {
    std::error_code no_file;
    const auto size = item->file_size(no_file);
    if (!no_file) sum += size;
  }
  return sum;
}

// What a crash in try_take() or publish() left.
void remove_half_made(const FolderLock& lock) {
  for (const auto& name : names_in(lock.folder())) {
    if (name.front() == '.' && name != kOwnerFile) fs::remove_all(lock.folder() / name);
  }
}

// On a network file system, `.owner` goes when the lock closes it, and the folder then. What else
// is in the way is left to gc().
void remove_work(const fs::path& folder) {
  std::error_code left;
  fs::remove_all(folder, left);
}

std::string text_of(const EntryName& name) { return name.kind + "-" + name.key; }

EntryName name_of(const std::string& text) {
  const auto dash = std::min(text.find('-'), text.size());
  return {text.substr(0, dash), text.substr(std::min(dash + 1, text.size()))};
}

}  // namespace

StoreClaim::StoreClaim(StageStore& store, EntryName name, std::unique_ptr<FolderLock> lock)
    : store_(&store), name_(std::move(name)), lock_(std::move(lock)) {}

StoreEntry StoreClaim::publish(const nlohmann::ordered_json& record,
                               const std::vector<std::string>& names) {
  return on_disk([&] { return store_->publish(name_, *lock_, record, names); });
}

StageStore::StageStore(const fs::path& root, LockTimes times)
    : root_(full_path(root)), times_(times) {}

// gc() must never take another folder for a store.
void StageStore::check(bool make) const {
  const fs::path marker = root_ / kMarker;
  if (fs::exists(marker)) {
    if (read_file(marker) == kFormat) return;
    throw input_error(root_.string(), "is the store of another version of this program");
  }
  for (const auto& name : names_in(root_)) make = make && name.starts_with(kMarker);
  if (!make) {
    throw input_error(root_.string(),
                      std::string("isn't a stage store: it has no file ") + kMarker);
  }
  make_folders(root_);
  write_file(marker, kFormat);
  sync_to_disk(root_);
}

fs::path StageStore::folder_of(const EntryName& name) const { return root_ / name.kind / name.key; }

fs::path StageStore::work_of(const EntryName& name) const { return root_ / "work" / text_of(name); }

std::optional<StoreEntry> StageStore::find(const EntryName& name) {
  std::string damage;
  auto entry = read_entry(name, folder_of(name), damage);
  if (!damage.empty()) set_aside(name, damage);
  return entry;
}

// The new place; nothing if another process was faster.
std::optional<fs::path> StageStore::move_aside(const EntryName& name) {
  make_folders(root_ / "damaged");
  for (int n = 1;; ++n) {
    fs::path place = root_ / "damaged" / (text_of(name) + "-" + std::to_string(n));
    if (fs::exists(place)) continue;
    if (::rename(folder_of(name).c_str(), place.c_str()) == 0) return place;
    if (errno == ENOENT) return std::nullopt;
    if (errno != ENOTEMPTY && errno != EEXIST)
      throw disk_error(folder_of(name), "can't be moved to damaged/", errno);
  }
}

void StageStore::set_aside(const EntryName& name, const std::string& damage) {
  if (const auto place = move_aside(name)) {
    spdlog::warn("{} is damaged: {}; it isn't used, and is now {}", folder_of(name).string(),
                 damage, place->string());
  }
}

// What another process did meanwhile, dropping the file or making the entry anew, is no damage.
bool StageStore::sound(const StoreEntry& entry, const std::string& file) {
  if (damage_of(entry, file).empty()) return true;
  const auto now = find(entry.name);
  if (!now || !now->has(file)) return false;
  const std::string damage = damage_of(*now, file);
  if (!damage.empty()) set_aside(entry.name, damage);
  return damage.empty();
}

std::optional<fs::path> StageStore::file(const StoreEntry& entry, const std::string& name) {
  if (!entry.has(name)) return std::nullopt;
  fs::path path = entry.folder / name;
  const std::string content = path.string() + " " + entry.files.at(name).sha256;
  {
    const std::lock_guard lock(mutex_);
    if (verified_.contains(content) && fs::exists(path)) return path;
  }
  if (!sound(entry, name)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  verified_.insert(content);
  return path;
}

bool StageStore::verify(const StoreEntry& entry) {
  for (const auto& [name, file] : entry.files) {
    throw_if_interrupted();
    if (!sound(entry, name)) break;
  }
  return find(entry.name).has_value();
}

void StageStore::remove_file(StoreEntry& entry, const std::string& name) {
  const auto lock = wait_for(work_of(entry.name), times_);
  auto now = find(entry.name);
  if (!now) return;
  if (auto file = now->files.extract(name)) {
    now->dropped.insert(std::move(file));
    write_record(*now, now->folder);  // on the disk before the file is gone
  }
  if (now->dropped.contains(name)) fs::remove(now->folder / name);
  entry = std::move(*now);
}

std::optional<StoreClaim> StageStore::claim(const EntryName& name,
                                            const std::function<void(const LockOwner&)>& on_wait,
                                            const std::vector<std::string>& needed) {
  check(/*make=*/true);
  const auto made = [&] {
    const auto entry = find(name);
    return entry && entry->has_all(needed);
  };
  while (!made()) {
    LockOwner owner;
    if (auto lock = FolderLock::try_take(work_of(name), times_, owner)) {
      if (made()) break;  // a moment ago
      on_disk([&] { remove_half_made(*lock); });
      return StoreClaim(*this, name, std::move(lock));
    }
    on_wait(owner);
    wait_a_second();
  }
  return std::nullopt;
}

StoreEntry StageStore::publish(const EntryName& name, const FolderLock& lock,
                               const nlohmann::ordered_json& record,
                               const std::vector<std::string>& names) {
  const fs::path made = lock.folder() / (".entry" + lock.token());
  fs::create_directory(made);
  for (const auto& part : names) {
    fs::create_directories((made / part).parent_path());
    fs::rename(lock.folder() / part, made / part);
  }
  StoreEntry entry{name, folder_of(name), record, {}, {}};
  seal_files(entry, made);
  write_record(entry, made);
  make_folders(entry.folder.parent_path());
  while (::rename(made.c_str(), entry.folder.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST)
      throw disk_error(entry.folder, "can't be made", errno);
    const auto theirs = find(name);  // sets aside what is damaged there
    if (!theirs) continue;
    if (theirs->has_all(entry.file_names())) {
      fs::remove_all(made);
      entry = *theirs;
      break;
    }
    if (const auto lesser = move_aside(name)) fs::remove_all(*lesser);
  }
  sync_to_disk(entry.folder.parent_path());
  if (lock.held()) remove_work(lock.folder());
  return entry;
}

void StageStore::keep_for(const fs::path& run, const std::vector<EntryName>& entries) {
  check(/*make=*/true);
  const auto no_gc = wait_for(root_ / "runs", times_);
  write_needs(root_, run, entries);
}

std::vector<StoreItem> StageStore::list() {
  check(/*make=*/false);
  const auto all_needs = read_needs(root_);
  std::set<fs::path> scored;  // runs
  for (const auto& needs : all_needs) {
    const auto there = [&](const EntryName& name) {
      return name.kind != "scores" || fs::exists(folder_of(name));
    };
    if (std::all_of(needs.entries.begin(), needs.entries.end(), there)) scored.insert(needs.run);
  }
  const auto runs_of = [&](const EntryName& name) {
    std::vector<fs::path> runs;
    for (const auto& needs : all_needs) {
      if (needs.kept && needs.entries.contains(name)) runs.push_back(needs.run);
    }
    return runs;
  };
  const auto all_scored = [&](const std::vector<fs::path>& runs) {
    return std::all_of(runs.begin(), runs.end(),
                       [&](const fs::path& run) { return scored.contains(run); });
  };
  std::vector<StoreItem> items;
  for (const std::string kind : kKinds) {
    for (const auto& key : names_in(root_ / kind)) {
      if (const auto entry = find({kind, key})) {
        const auto runs = runs_of(entry->name);
        items.push_back({kind, key, entry->folder, entry->size(), runs, entry, all_scored(runs)});
      }
    }
  }
  for (const auto& name : names_in(root_ / "work")) {
    const fs::path folder = root_ / "work" / name;
    // A crash right after publishing leaves work that nobody needs.
    const bool done = fs::exists(folder_of(name_of(name)));
    items.push_back({"work", name, folder, size_of(folder),
                     done ? std::vector<fs::path>() : runs_of(name_of(name)), std::nullopt});
  }
  for (const auto& name : names_in(root_ / "damaged")) {
    const fs::path folder = root_ / "damaged" / name;
    items.push_back({"damaged", name, folder, size_of(folder), {}, std::nullopt});
  }
  return items;
}

// False for work that is claimed.
bool StageStore::remove(const StoreItem& item, bool dry_run) {
  if (item.kind == "work") {
    LockOwner owner;
    const auto lock = FolderLock::try_take(item.folder, times_, owner);
    if (lock && !dry_run) remove_work(item.folder);
    return lock != nullptr;
  }
  if (dry_run) return true;
  if (item.kind == "damaged") {
    fs::remove_all(item.folder);
  } else if (const auto place = move_aside({item.kind, item.name})) {
    fs::remove_all(*place);  // never an entry with half its files
  }
  return true;
}

// What a crash in remove_file() left; not while another process makes the entry anew.
void StageStore::remove_dropped(const StoreEntry& entry) {
  const auto is_there = [&](const auto& file) { return fs::exists(entry.folder / file.first); };
  if (std::none_of(entry.dropped.begin(), entry.dropped.end(), is_there)) return;
  LockOwner owner;
  const auto lock = FolderLock::try_take(work_of(entry.name), times_, owner);
  const auto now = lock ? find(entry.name) : std::nullopt;
  if (!now) return;
  for (const auto& [name, file] : now->dropped) fs::remove(now->folder / name);
}

std::vector<StoreItem> StageStore::gc(bool dry_run) {
  check(/*make=*/false);
  const auto no_new_runs = wait_for(root_ / "runs", times_);
  return on_disk([&] {
    std::vector<StoreItem> removed;
    for (auto& item : list()) {
      throw_if_interrupted();
      if (item.runs.empty() && remove(item, dry_run)) {
        removed.push_back(std::move(item));
      } else if (item.entry && !dry_run) {
        remove_dropped(*item.entry);
      }
    }
    for (const auto& gone : read_needs(root_)) {
      if (!gone.kept && !dry_run) fs::remove(gone.note);
    }
    return removed;
  });
}

}  // namespace sojourn
