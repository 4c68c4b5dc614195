// Checkpoints of a stage that is being trained, from which it continues as if it had never stopped.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/train/adamw.h"

namespace sojourn {

// When and where they are written; changes no byte of what is trained.
struct CheckpointSettings {
  std::filesystem::path folder;       // of this stage alone; empty: no checkpoints
  std::string key;                    // of the stage; a checkpoint with another isn't used
  std::optional<std::int64_t> steps;  // after so many steps since the last one
  std::optional<double> minutes;      // or so many minutes
};

// Where a stage is, beside its parameters and the optimizer's moments.
struct StageProgress {
  struct Best {
    std::int64_t step = 0;
    double score = 0;
    double untouched_factor = 1;
    std::vector<at::Tensor> values;  // of all parameters, in the optimizer's order
  };

  std::int64_t step = 0;          // steps done
  std::int64_t evaluated = 0;     // the step of the last evaluation; 0: none yet
  std::int64_t without_best = 0;  // evaluations since the best one
  std::string curve;
  std::optional<Best> best;
};

// The file <folder>/checkpoint-<step>.safetensors: values, moments, step counters and best values
// of all parameters, the active rows, and as metadata the rest; with a checksum.
class StageCheckpoints {
 public:
  // active_rows: of the vocabulary; a checkpoint with others isn't used.
  StageCheckpoints(CheckpointSettings settings, std::vector<std::int64_t> active_rows);

  // Puts the newest usable checkpoint into the optimizer's parameters and its state. One that is
  // damaged, or of another stage, is logged and removed, and so is what an interrupted write left.
  // None: the start of the stage.
  StageProgress resume(AdamW& optimizer);

  // Whether it is time for one.
  bool due(std::int64_t step) const;

  // Writes one, unless there is one of this step: under another name, synced, renamed, the folder
  // synced; then removes the older ones. Does nothing without a folder. Throws Error(kInternal)
  // with file, size and the system's reason (a full disk); the older ones are still there then.
  void write(const AdamW& optimizer, const StageProgress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  CheckpointSettings settings_;
  std::vector<std::int64_t> active_rows_;
  std::int64_t last_step_ = 0;
  Clock::time_point last_time_ = Clock::now();
};

}  // namespace sojourn
