// A study's plan beside the store: what is there already, and what is left to train and to score.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/plan/stage_key.h"
#include "core/run/stage_store.h"

namespace sojourn {

// Names of files in an entry of kind "stages".
inline constexpr const char* kEncoderFolder = "encoder";        // of stages that are kept
inline constexpr const char* kAdapterFolder = "adapter";        // of stages that train one
inline constexpr const char* kHeadsFile = "heads.safetensors";  // beside these
inline constexpr const char* kStateFile = "state.safetensors";  // of others: what was trained;
                                                                // may be dropped once it's scored
inline constexpr const char* kCurveFile = "training.jsonl";

// Those of its weights.
std::vector<std::string> weight_files(const Stage& stage);
// Whether they stay whatever happens. Adapters do: they are small.
inline bool keeps_weights(const Stage& stage) { return stage.keep || adapts(stage); }

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

// What a stage that is being trained takes on the disk, in bytes, at most: two checkpoints, each of
// values and two moments.
std::uintmax_t training_bytes(const EncoderConfig& config);

// Removes weights that only new scores of a finished stage would need, stage by stage, until
// `enough`. Returns of how many stages.
std::size_t drop_weights(std::vector<StageWork>& work, StageStore& store,
                         const std::function<bool()>& enough);

// All entries that the plan needs, for StageStore::keep_for.
std::vector<EntryName> entries_of(const PlanKeys& keys);

// The finished stages of the store; none where it hasn't been made yet.
std::vector<StoreEntry> stored_stages(StageStore& store);

inline EntryName stage_entry(const ContentKey& key) { return {"stages", key.key}; }
inline EntryName score_entry(const ContentKey& key) { return {"scores", key.key}; }

}  // namespace sojourn
