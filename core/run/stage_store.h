// What stages and scorings left, by the key of what they were made from: each is computed once.
//
//   ROOT/stages/KEY/, ROOT/scores/KEY/   complete entries: files and record.json
//   ROOT/work/KIND-KEY/                  what is being made, with its checkpoints; outlives crashes
//   ROOT/damaged/KIND-KEY-N/             entries that were found to be damaged
//   ROOT/runs/HASH.json                  which entries the run in a folder needs
//   ROOT/sojourn-store                   says that this is a store, and the version of its format
//
// An entry is there as a whole or not at all: it's made aside, brought to the disk (its record
// last) and renamed. Several processes and machines may use a store at once; see store_lock.h.
//
// Files of entries are read-only and are linked to from runs (link_or_copy()): nothing may write
// into one. This program replaces files by renaming new ones, which leaves the store's as it was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/run/store_entry.h"
#include "core/run/store_lock.h"

namespace sojourn {

class StageStore;

// The right to make one entry, until the object goes. The folder stays as it is then, for the next
// claim, unless the entry was published.
class StoreClaim {
 public:
  // For checkpoints and what is to be published. Names with a dot in front are the store's.
  const std::filesystem::path& folder() const noexcept { return lock_->folder(); }

  // Makes the entry of `names`, files and folders in folder(), and removes everything else there. A
  // crash before its end leaves no entry, and folder() with all but `names`. If another machine
  // published the same files meanwhile, that entry stays and is returned. Once only. Throws
  // Error(kInternal) with the file, and the size that a full disk has no room for.
  StoreEntry publish(const nlohmann::ordered_json& record, const std::vector<std::string>& names);

 private:
  friend class StageStore;
  StoreClaim(StageStore& store, EntryName name, std::unique_ptr<FolderLock> lock);

  StageStore* store_;
  EntryName name_;
  std::unique_ptr<FolderLock> lock_;
};

// A folder of the store and what it's for.
struct StoreItem {
  std::string kind;  // stages, scores, work or damaged
  std::string name;  // the key; of work and damaged, the folder's name
  std::filesystem::path folder;
  std::uintmax_t size = 0;                  // bytes
  std::vector<std::filesystem::path> runs;  // that need it
  std::optional<StoreEntry> entry;          // of stages and scores
  bool scored = false;                      // all that they score is there
};

// Thread-safe. A damaged entry that any call comes upon is named in a warning, set aside and absent
// from then on.
class StageStore {
 public:
  // Nothing is made before claim() or keep_for(), which throw Error(kInput) for a folder that holds
  // something else. `times` is for tests.
  explicit StageStore(const std::filesystem::path& root, LockTimes times = {});

  // The entry, if it's complete; its files are there, their content isn't looked at.
  std::optional<StoreEntry> find(const EntryName& name);

  // Where a file of an entry is. Its content is verified, once a process. Nothing where the entry
  // hasn't got it (any more), or the file is damaged and with it the whole entry.
  std::optional<std::filesystem::path> file(const StoreEntry& entry, const std::string& name);

  // Verifies all files. False: the entry is damaged, or gone.
  bool verify(const StoreEntry& entry);

  // Removes a file that nothing needs any more. The entry stays complete without it, and `entry`
  // becomes what it is then.
  void remove_file(StoreEntry& entry, const std::string& name);

  // The right to make an entry; nothing as soon as it's there, also where another process has just
  // made it. An entry from which one of the files `needed` was removed is to be made again. While
  // another one is at it, waits and calls `on_wait` about once a second. Throws Error(kCancelled)
  // when the user interrupts.
  std::optional<StoreClaim> claim(const EntryName& name,
                                  const std::function<void(const LockOwner&)>& on_wait,
                                  const std::vector<std::string>& needed = {});

  // From now on gc() keeps these entries (and work for them) as long as `run`/manifest.json or
  // `run`.partial exists; in place of what the run in that folder needed before. To be called
  // before find().
  void keep_for(const std::filesystem::path& run, const std::vector<EntryName>& entries);

  // Everything in the store: stages, scores, work and what is damaged, each by name. Throws
  // Error(kInput) where root() isn't a store, as gc() does.
  std::vector<StoreItem> list();

  // Removes what no run needs: entries, damaged ones, and work that no living process has claimed.
  // Returns what it removed or, for a dry run, would remove.
  std::vector<StoreItem> gc(bool dry_run);

  const std::filesystem::path& root() const noexcept { return root_; }

 private:
  friend class StoreClaim;

  void check(bool make) const;
  std::filesystem::path folder_of(const EntryName& name) const;
  std::filesystem::path work_of(const EntryName& name) const;
  StoreEntry publish(const EntryName& name, const FolderLock& lock,
                     const nlohmann::ordered_json& record, const std::vector<std::string>& names);
  bool sound(const StoreEntry& entry, const std::string& file);
  std::optional<std::filesystem::path> move_aside(const EntryName& name);
  void set_aside(const EntryName& name, const std::string& damage);
  bool remove(const StoreItem& item, bool dry_run);
  void remove_dropped(const StoreEntry& entry);

  std::filesystem::path root_;
  LockTimes times_;
  std::mutex mutex_;
  std::set<std::string> verified_;  // "<path> <SHA-256>"
};

}  // namespace sojourn
