#include "core/run/stored_study.h"

#include <string>
#include <utility>

#include "core/model/peft.h"
#include "core/run/store_runs.h"

namespace sojourn {

namespace {

// The entry, unless its content is found to be damaged.
std::optional<StoreEntry> sound_entry(const EntryName& name, StageStore& store, Check check,
                                      bool with_weights) {
  auto entry = store.find(name);
  if (!entry || check == Check::kPresence) return entry;
  const bool sound =
      with_weights ? store.verify(*entry) : store.file(*entry, kCurveFile).has_value();
  return sound ? entry : std::nullopt;
}

}  // namespace

std::vector<std::string> weight_files(const Stage& stage) {
  if (adapts(stage))
    return {(std::filesystem::path(kAdapterFolder) / kAdapterWeights).string(), kHeadsFile};
  if (!stage.keep) return {kStateFile};
  return {std::string(kEncoderFolder) + "/model.safetensors", kHeadsFile};
}

std::vector<StageWork> find_work(const Plan& plan, const PlanKeys& keys, StageStore& store,
                                 Check check) {
  std::vector<StageWork> work(plan.stages.size());
  std::vector<bool> needed(plan.stages.size(), false);  // its weights, by what starts from it
  for (std::size_t s = plan.stages.size(); s-- > 0;) {
    const auto& of_stage = keys.stages[s];
    StageWork& found = work[s];
    for (std::size_t g = 0; g < of_stage.groups.size(); ++g) {
      auto entry = sound_entry(score_entry(of_stage.scorings[g]), store, check, true);
      if (!entry) found.to_score.push_back(g);
      found.scored.push_back(std::move(entry));
    }
    const Stage& stage = plan.stages[s];
    if (!stage.parent) continue;  // the study's encoder is always there
    const bool read = needed[s] || !found.to_score.empty();
    found.trained = sound_entry(stage_entry(of_stage.training), store, check, read);
    const bool weights = keeps_weights(stage) || read;
    found.train = !found.trained || (weights && !found.trained->has_all(weight_files(stage)));
    // What isn't a whole encoder is put onto its parent to be used.
    const bool whole = stage.keep && !adapts(stage);
    const bool from_parent = found.train || (!whole && read);
    if (from_parent) needed[*stage.parent] = true;
  }
  return work;
}

std::uintmax_t training_bytes(const EncoderConfig& config) { return 6 * weight_bytes(config); }

std::size_t drop_weights(std::vector<StageWork>& work, StageStore& store,
                         const std::function<bool()>& enough) {
  std::size_t dropped = 0;
  for (StageWork& stage : work) {
    if (!stage.done() || !stage.trained || !stage.trained->has(kStateFile)) continue;
    if (enough()) break;
    store.remove_file(*stage.trained, kStateFile);
    ++dropped;
  }
  return dropped;
}

std::vector<EntryName> entries_of(const PlanKeys& keys) {
  std::vector<EntryName> entries;
  for (std::size_t s = 0; s < keys.stages.size(); ++s) {
    if (s > 0) entries.push_back(stage_entry(keys.stages[s].training));
    for (const auto& key : keys.stages[s].scorings) entries.push_back(score_entry(key));
  }
  return entries;
}

std::vector<StoreEntry> stored_stages(StageStore& store) {
  std::vector<StoreEntry> stages;
  if (names_in(store.root()).empty()) return stages;  // not made yet
  for (auto& item : store.list()) {
    if (item.kind == "stages" && item.entry) stages.push_back(*std::move(item.entry));
  }
  return stages;
}

}  // namespace sojourn
