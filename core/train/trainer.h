// One training stage: steps over a task's features, on an encoder and a head.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/data/feature_table.h"
#include "core/model/encoder.h"
#include "core/train/adamw.h"
#include "core/train/task_head.h"

namespace sojourn {

struct TrainingSettings {
  std::string stage;  // for messages
  std::int64_t batch_size = 32;
  std::int64_t micro_batch = 32;
  std::int64_t steps = 0;
  double peak_lr = 0;
  double warmup = 0;
  AdamWSettings adamw;
  RandomKey key;  // seed and role; the trainer sets the step
  std::int64_t pad_id = 0;
};

struct StepReport {
  std::int64_t step = 0;  // from 1
  double loss = 0;        // mean over the step's items
  double rate = 0;
  double gradient_norm = 0;        // before clipping
  std::int64_t real_tokens = 0;    // pieces that aren't padding
  std::int64_t padded_tokens = 0;  // with padding
};

// Trains encoder and head in place. Equal arguments give equal bits at an equal number of threads.
//
// Throws Error(kNumeric) with step and rate when the loss isn't finite, before that step changes
// anything, and Error(kCancelled) between steps.
void train(Encoder& encoder, TaskHead& head, const Manifest& manifest, const FeatureTable& features,
           const TrainingSettings& settings, const std::function<void(const StepReport&)>& on_step);

}  // namespace sojourn
