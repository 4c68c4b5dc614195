// What a study means: which stages are trained, from which encoder, and what is scored on each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/study.h"
#include "core/data/task.h"
#include "core/model/encoder_config.h"

namespace sojourn {

// A data set as a run needs it; equal keys are loaded once.
struct DatasetKey {
  std::string task;
  std::string split;
  std::string language;
  std::int64_t max_tokens = 0;
  std::optional<std::int64_t> limit;
  auto operator<=>(const DatasetKey&) const = default;
};

// Stands for the target in the folder of predictions for an intermediate stage's dev split, so no
// target may have this name.
inline constexpr const char* kIntermediateFolder = "intermediate";

// Where scores go: the cells of the study that a scoring fills.
struct Cell {
  std::string arm;
  std::string target;  // "" for the dev split of an intermediate stage
  std::uint64_t seed = 0;
};

// What a scoring is to the sweep over layers of its target.
enum class SweepPart : std::uint8_t {
  kNone,     // it has a layer, or needs none
  kChooses,  // its primary metric decides; scored at every layer
  kFollows,  // scored at every layer, reported at the chosen one
  kChosen    // scored at the chosen one alone
};

// Scores one data set on one stage.
struct Scoring {
  DatasetKey data;
  std::optional<DatasetKey> tuning = {};   // of tasks whose decoding learns on a dev split
  std::optional<std::int64_t> layer = {};  // of tasks that search sentence vectors; not in a sweep
  SweepPart sweep = SweepPart::kNone;
  std::string target = {};  // whose sweep it is
  bool reported = true;     // false: its rows are only among those of all layers
  std::vector<Cell> cells = {};
};

// An encoder state. Stage 0 is the study's own encoder, which nothing trains.
struct Stage {
  std::string id;                     // "encoder", "<arm>/seed-1", "<arm>/<target>/seed-1"
  std::optional<std::size_t> parent;  // none: the study's encoder itself
  bool keep = false;                  // its weights are written
  std::uint64_t seed = 0;
  std::uint32_t role = 0;  // 0 in a target stage, 1 in an intermediate
  Recipe recipe;
  DatasetKey training;            // what it is trained on
  std::vector<Scoring> scorings;  // those that others are tuned on or choose by come first
};

struct Plan {
  std::vector<Stage> stages;  // parents before children; equal stages are one
};

// The task on whose training set the stage of a target trains; only where the task has a head,
// whose manifest this is. Throws Error(kInput) where nothing says which.
std::string training_task(const Target& target, const Manifest& manifest);

// Throws Error(kInput) naming the study's line for what can't be: a task that does not exist or
// can't be trained, a head that doesn't fit, a language or a file that isn't there, a layer that
// the encoder hasn't.
Plan make_plan(const Study& study, TaskCatalog& tasks, const EncoderConfig& encoder);

}  // namespace sojourn
