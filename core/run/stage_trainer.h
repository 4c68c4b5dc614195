// Trains one stage of a plan, or brings back what it trained.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "core/run/machine.h"
#include "core/run/stage_scorer.h"
#include "core/train/trainer.h"

namespace sojourn {

// What is told while a stage is trained.
struct StageTrainingHooks {
  std::function<void(const StepReport&)> step;
  std::function<void(std::int64_t step)> resumed;  // after so many steps
  // Lines that are new in the stage's curve; those of a checkpoint at once.
  std::function<void(const std::string& lines)> curve;
};

class StageTrainer {
 public:
  using DataOf = std::function<const LoadedDataset&(const DatasetKey&)>;

  // All must outlive it.
  StageTrainer(TaskCatalog& tasks, DataOf data, const Machine& machine, const Tokenizer& tokenizer);

  // Throws Error(kInput) for a training set that is too small for its batches, where the loss
  // compares their examples.
  void check_data(const Stage& stage) const;

  // Untrained heads, whose numbers depend on (seed, role, name) alone.
  StageHeads new_heads(const Stage& stage, const EncoderConfig& encoder) const;

  // Optimizer steps, unless patience ends the stage before.
  std::int64_t steps(const Stage& stage) const;

  // Trains encoder and heads in place, from the newest checkpoint if there is one.
  TrainingResult train(const Stage& stage, Encoder& encoder, StageHeads& heads,
                       const CheckpointSettings& checkpoints,
                       const StageTrainingHooks& hooks) const;

 private:
  std::vector<TrainedTask> tasks_of(const Stage& stage, StageHeads& heads,
                                    std::vector<FeatureTable>& joined) const;
  double evaluate(const Stage& stage, const Encoder& encoder, StageHeads& heads) const;

  TaskCatalog& tasks_;
  DataOf data_;
  const Machine& machine_;
  const Tokenizer& tokenizer_;
};

// Pieces that a step trains on average, from the sizes of its tasks' training data, in their order.
double pieces_of_step(const Stage& stage, const std::vector<DatasetSize>& sizes);

// Optimizer steps of a stage whose tasks have so many training features.
std::int64_t steps_of(const Stage& stage, const std::vector<std::int64_t>& features);

}  // namespace sojourn
