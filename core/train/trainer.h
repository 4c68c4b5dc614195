// One training stage: optimizer steps over the features of one task, or of several.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/data/feature_table.h"
#include "core/data/masking.h"
#include "core/model/encoder.h"
#include "core/train/adamw.h"
#include "core/train/sampling.h"
#include "core/train/stage_checkpoint.h"
#include "core/train/task_head.h"

namespace sojourn {

struct TrainedTask {
  TaskHead* head = nullptr;  // tasks of one head name share one
  const Manifest* manifest = nullptr;
  const FeatureTable* features = nullptr;
  std::int64_t batch_size = 32;
  std::int64_t micro_batch = 32;
  double share = 1;        // of the steps that are drawn, see sampling_shares(); 0: takes no part
  double loss_weight = 1;  // multiplies the task's mean loss
};

struct EvaluationSettings {
  std::optional<std::int64_t> every;     // steps; the last step is evaluated too. None: never
  std::optional<std::int64_t> patience;  // evaluations in a row without a new best; then it ends
};

struct TrainingSettings {
  std::string stage;  // for messages
  StepTasks step_tasks = StepTasks::kDrawn;
  std::int64_t steps = 0;
  double peak_lr = 0;
  double warmup = 0;
  AdamWSettings adamw;
  RandomKey key;  // seed and role; the trainer sets the step
  std::int64_t pad_id = 0;
  MaskingIds masking = {};  // used where a task's manifest has masking
  Adapter adapter = {};     // what is trained of the encoder
  EvaluationSettings evaluation;
  CheckpointSettings checkpoint;
};

struct StepReport {
  std::int64_t step = 0;            // from 1
  std::optional<std::size_t> task;  // the drawn one, by its place in the list; none with kAll
  double loss = 0;  // mean over the step's items times the task's weight; with kAll, their sum
  double rate = 0;
  double gradient_norm = 0;        // before clipping
  std::int64_t real_tokens = 0;    // pieces that aren't padding
  std::int64_t padded_tokens = 0;  // with padding
};

struct EvaluationReport {
  double score = 0;   // higher is better
  std::string curve;  // added to the curve
};

// What the caller does on the way. The curve is its text: the trainer keeps it, and puts it into
// checkpoints, so that a stage that was stopped ends with the curve of an unbroken one.
struct TrainingHooks {
  // After each step; returns what is added to the curve.
  std::function<std::string(const StepReport&)> step;
  // Called with the number of steps done, while the encoder may be used for scoring; its hidden
  // states are what they would be, had the stage ended here. Needed where evaluation is asked for.
  std::function<EvaluationReport(std::int64_t step)> evaluate = {};
  // Before the first step, where a checkpoint is continued: its steps and its curve so far.
  std::function<void(std::int64_t step, const std::string& curve)> resumed = {};
};

struct BestEvaluation {
  std::int64_t step = 0;
  double score = 0;
};

struct TrainingResult {
  std::int64_t steps = 0;  // done: fewer than asked for where patience ended the stage
  std::string curve;
  std::optional<BestEvaluation> best;  // where there was an evaluation
};

// Trains encoder and heads in place; with evaluation, they end with the values of the best one (the
// first of equals). Equal arguments give equal bits at an equal number of threads, whether or not
// the stage was stopped and continued from a checkpoint on the way.
// With an adapter, the evaluations on the way see it beside the weights, also where it is merged
// into them at the end, which changes rounding only.
//
// kDrawn: step s trains drawn_task(key, s, shares). kAll: each step takes a batch of every task;
// the gradient is that of the sum of their weighted mean losses. A task's k-th batch, and (up to
// the task being the first of the list) its dropout masks, don't depend on the other tasks.
//
// Throws Error(kNumeric) with task, step and rate when a loss or the gradient isn't finite, before
// that step changes anything; Error(kCancelled) between steps, once a checkpoint is written; and
// what the checkpoints throw.
TrainingResult train(Encoder& encoder, const std::vector<TrainedTask>& tasks,
                     const TrainingSettings& settings, const TrainingHooks& hooks);

}  // namespace sojourn
