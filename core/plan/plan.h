// What a study means: which stages are trained, from which encoder, and what is scored on each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/study.h"
#include "core/data/features.h"
#include "core/data/task.h"
#include "core/model/encoder_config.h"

namespace sojourn {

// Stands for the target in the folder of predictions for an intermediate stage's dev split, so no
// target may have this name.
inline constexpr const char* kIntermediateFolder = "intermediate";

// Where scores go: the cells of the study that a scoring fills.
struct Cell {
  std::string arm;
  std::string target;  // "" for the dev split of an intermediate stage
  std::uint64_t seed = 0;
  bool operator==(const Cell&) const = default;
};

// What a scoring is to the sweep over layers of its target.
enum class SweepPart : std::uint8_t {
  kNone,     // it has a layer, or needs none
  kChooses,  // its primary metric decides; scored at every layer
  kFollows,  // scored at every layer, reported at the chosen one, or at that which the study names
  kChosen    // scored at that one alone
};

// Scores one data set on one stage.
struct Scoring {
  DatasetKey data;
  std::string head = {};                  // of the stage; "" where vectors are searched
  std::optional<DatasetKey> tuning = {};  // of tasks whose decoding learns on a dev split
  // Of tasks that search sentence vectors. In a sweep: the one that is reported, none where it is
  // chosen.
  std::optional<std::int64_t> layer = {};
  SweepPart sweep = SweepPart::kNone;
  std::string target = {};  // whose sweep it is
  bool reported = true;     // false: its rows are only among those of all layers
  std::vector<Cell> cells = {};
};

// What a stage trains of one task.
struct TaskTraining {
  std::string task;
  std::string head;               // its name; tasks of one name share one
  std::vector<DatasetKey> data;   // one for each language, trained as one data set
  std::optional<DatasetKey> dev;  // what the stage is evaluated on while it trains
  Recipe recipe;                  // its batches, lengths and epochs
  double loss_weight = 1;
  bool operator==(const TaskTraining&) const = default;
};

// An encoder state. Stage 0 is the study's own encoder, which nothing trains.
struct Stage {
  std::string id;  // "encoder", "<arm>/seed-1", "<arm>/stage-1/seed-1", "<arm>/<target>/seed-1"
  std::optional<std::size_t> parent = {};  // none: the study's encoder itself
  bool keep = false;                       // its weights are written
  std::uint64_t seed = 0;
  std::uint32_t role = 0;  // 0 in a target's stage; 1, 2, .. in those before it
  Recipe recipe = {};      // of the optimizer and the evaluation; batches are the tasks' own
  Sampling sampling = {};
  std::vector<TaskTraining> training = {};
  // In an order in which those that others are tuned on or choose by come first.
  std::vector<Scoring> scorings = {};
};

// Whether it trains matrices beside the weights instead of these.
inline bool adapts(const Stage& stage) { return stage.recipe.adapter.kind != "none"; }

struct Plan {
  std::vector<Stage> stages;         // parents before children; equal stages are one
  std::vector<Arm> arms;             // of the study
  std::int64_t naive_trainings = 0;  // stages that training every path on its own would take
  // What isn't there: data files, by the message that a run would refuse with. None in a plan that
  // a run can follow.
  std::vector<std::string> missing;
};

// The task on whose training set the stage of a target trains; only where the task has a head,
// whose manifest this is. Throws Error(kInput) where nothing says which.
std::string training_task(const Target& target, const Manifest& manifest);

enum class MissingFiles {
  kRefuse,  // are an error
  kNote     // are told in Plan::missing; languages are then those that the study or the task names
};

// Throws Error(kInput) naming the study's line for what can't be: a task that does not exist or
// can't be trained, a head that doesn't fit, a language or a file that isn't there, a layer that
// the encoder hasn't (where its configuration is known).
Plan make_plan(const Study& study, TaskCatalog& tasks, const std::optional<EncoderConfig>& encoder,
               MissingFiles missing);

}  // namespace sojourn
