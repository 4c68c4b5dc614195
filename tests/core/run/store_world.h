// A stage store with small entries.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/run/stage_store.h"
#include "core/run/store_runs.h"

namespace sojourn {

inline const EntryName kStage{"stages", "0123abcd"};

// The test isn't one in which anybody waits.
inline void no_wait(const LockOwner& owner) {
  throw std::runtime_error("waits for " + owner.host + " " + std::to_string(owner.process));
}

// What a stage leaves in its work folder before it publishes.
inline void work_in(const std::filesystem::path& folder, const std::string& weights) {
  make_folders(folder / "encoder");
  write_file(folder / "encoder" / "weights", weights);
  write_file(folder / "curve.jsonl", "{}\n");
  write_file(folder / "checkpoint", "step 100");
}

inline StoreEntry publish(StoreClaim& claim, const std::string& weights = "weights") {
  work_in(claim.folder(), weights);
  return claim.publish({{"id", "a stage"}}, {"encoder", "curve.jsonl"});
}

inline StoreEntry make_entry(StageStore& store, const EntryName& name = kStage,
                             const std::string& weights = "weights") {
  auto claim = store.claim(name, no_wait);
  if (!claim) throw std::runtime_error("the entry is there already");
  return publish(*claim, weights);
}

struct StoreWorld {
  StoreWorld() { store.claim({"stages", "ffff"}, no_wait); }  // makes the store
  TemporaryDirectory folder;
  std::filesystem::path root = folder.path() / "store";
  std::filesystem::path work = root / "work" / "stages-0123abcd";
  StageStore store{root};
};

}  // namespace sojourn
