// Which tasks the steps of a stage train, and how many steps it has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/philox.h"

namespace sojourn {

enum class StepTasks {
  kDrawn,  // one task a step
  kAll,    // every step trains all tasks
};

// The share of steps that each task gets, which sum to 1:
//
//   share(i) = min(n(i), cap)^exponent / sum over j of min(n(j), cap)^exponent
//
// exponent 1 is proportional to size, 0 uniform.
//
//   sizes  training features of each task, at least 1
//
// Source: jiant 2, ProportionalMultiTaskSampler (exponent 1), its "capped" variant and its
// TemperatureMultiTaskSampler (exponent 1 / temperature).
std::vector<double> sampling_shares(const std::vector<std::int64_t>& sizes,
                                    std::optional<std::int64_t> cap, double exponent);

// In proportion to weights, which are at least 0 and not all 0.
std::vector<double> sampling_shares(const std::vector<double>& weights);

// The task of step s (from 0): the first whose cumulative share exceeds u, uniform in [0, 1) from
// the stream "sampling" of key {seed, role, s}. So a task of share 0 behind the others changes
// nothing for them.
std::size_t drawn_task(const RandomKey& key, std::int64_t step, const std::vector<double>& shares);

struct TaskEpochs {
  std::int64_t features = 0;
  std::int64_t batch_size = 32;
  double epochs = 1;
};

// Optimizer steps of a stage: the sum over tasks of ceil(epochs * ceil(features / batch_size));
// with kAll, that of the first task. At least 1.
std::int64_t stage_steps(StepTasks step_tasks, const std::vector<TaskEpochs>& tasks);

}  // namespace sojourn
