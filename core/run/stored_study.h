// A study's plan beside the store: what is there already, and what is left to train and to score.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/plan/stage_key.h"
#include "core/run/stage_store.h"

namespace sojourn {

// Names of files in an entry of kind "stages".
inline constexpr const char* kEncoderFolder = "encoder";        // of stages that are kept
inline constexpr const char* kHeadsFile = "heads.safetensors";  // beside it
inline constexpr const char* kStateFile = "state.safetensors";  // of others: what was trained,
                                                                // until all of its scores are there
inline constexpr const char* kCurveFile = "training.jsonl";

// Those of its weights.
std::vector<std::string> weight_files(const Stage& stage);

struct StageWork {
  std::optional<StoreEntry> trained;
  bool train = false;                             // it is to be trained now
  std::vector<std::optional<StoreEntry>> scored;  // by scoring group
  std::vector<std::size_t> to_score;              // groups

  bool done() const { return !train && to_score.empty(); }
};

enum class Check {
  kPresence,  // that files are there, with the right sizes
  kContent    // also what is in them, of those that will be read
};

// By stage. A stage whose weights are gone is trained again where something is left to be scored on
// it, or where a stage that starts from it is to be trained.
std::vector<StageWork> find_work(const Plan& plan, const PlanKeys& keys, StageStore& store,
                                 Check check);

// All entries that the plan needs, for StageStore::keep_for.
std::vector<EntryName> entries_of(const PlanKeys& keys);

// The finished stages of the store; none where it hasn't been made yet.
std::vector<StoreEntry> stored_stages(StageStore& store);

inline EntryName stage_entry(const ContentKey& key) { return {"stages", key.key}; }
inline EntryName score_entry(const ContentKey& key) { return {"scores", key.key}; }

}  // namespace sojourn
