// Scores what a study asks of one stage: remembers what decoding learnt on dev splits, and chooses
// the layers of sweeps.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/eval/scorer.h"
#include "core/plan/stage_key.h"
#include "core/run/score_record.h"
#include "core/train/task_head.h"

namespace sojourn {

// The heads of a stage, by name.
using StageHeads = std::map<std::string, TaskHead>;

struct LayerScores {
  std::optional<std::int64_t> layer;  // none where a head is scored
  DatasetScores scores;
};

class StageScorer {
 public:
  using DataOf = std::function<const LoadedDataset&(const DatasetKey&)>;

  // All must outlive it; there are no heads on the study's own encoder.
  StageScorer(const Encoder& encoder, const StageHeads& heads, TaskCatalog& tasks, DataOf data,
              std::int64_t pad_id);

  // All of a group, in its order. `scored` is called after each.
  std::vector<ScoreRecord> score(const ScoringGroup& group,
                                 const std::function<void(const Scoring&)>& scored);

  // At each of the scoring's layers. Those that choose must come before those that need the choice.
  // Throws Error(kInput) where a data set that chooses has no gold, and what encoding and decoding
  // throw.
  std::vector<LayerScores> score(const Scoring& scoring);

  // The layer with the highest mean primary metric over the data sets that choose for the target,
  // of equal ones the lowest.
  std::int64_t chosen_layer(const std::string& target) const;

 private:
  // A data set that went through the encoder, at one layer.
  struct Encoded {
    std::optional<std::int64_t> layer;
    EncodedDataset data;
  };

  // Of a sweep: the one that the study names, else the chosen one.
  std::int64_t reported_layer(const Scoring& scoring) const;
  std::vector<std::optional<std::int64_t>> layers_of(const Scoring& scoring) const;
  std::vector<Encoded> encode(const DatasetKey& key, const std::string& head,
                              const std::vector<std::optional<std::int64_t>>& layers) const;
  ScoreRecord record(const Scoring& scoring, const std::vector<LayerScores>& found) const;
  // What decoding learnt on a data set that was encoded now or before.
  void learn(const DatasetKey& key, const std::vector<Encoded>& encoded);
  void add_to_choice(const Scoring& scoring, const std::vector<LayerScores>& found);

  const Encoder& encoder_;
  const StageHeads& heads_;
  TaskCatalog& tasks_;
  DataOf data_;
  std::int64_t pad_id_;
  std::map<std::pair<DatasetKey, std::optional<std::int64_t>>, std::string> learnt_;
  std::map<std::string, std::vector<double>> choices_;  // sums over data sets, by target and layer
};

}  // namespace sojourn
