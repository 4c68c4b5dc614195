// The batches of a stage's steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <vector>

#include "core/data/batches.h"
#include "core/train/trainer.h"

namespace sojourn {

struct TaskBatch {
  std::size_t task = 0;  // its place in the list
  std::vector<Batch> micro;
  double items = 0;  // that the loss sums over; at least 1
};

struct StepBatch {
  std::vector<TaskBatch> tasks;  // the drawn one, or all
  std::int64_t real_tokens = 0;
  std::int64_t padded_tokens = 0;
};

// Step after step, each made on a thread of its own while the step before it trains. A task's k-th
// batch of the stage is a function of (seed, role, task's name, k).
class StepFeed {
 public:
  // Both outlive it. first_step: from 0; the batches of the steps before are left out.
  StepFeed(const std::vector<TrainedTask>& tasks, const TrainingSettings& settings,
           std::int64_t first_step);

  StepBatch next();

 private:
  // One task's batches; `taken` of them so far.
  struct Line {
    std::size_t items_field = 0;
    std::uint64_t taken = 0;
    std::vector<std::vector<std::int64_t>> epoch = {};  // of the batch taken last
    std::uint64_t epoch_number = 0;
  };

  std::vector<std::size_t> tasks_of(std::int64_t step) const;
  void make_ahead();
  StepBatch make();
  std::vector<std::int64_t> take(std::size_t task);
  TaskBatch collated(std::size_t task);

  const std::vector<TrainedTask>& tasks_;
  const TrainingSettings& settings_;
  std::vector<double> shares_;
  std::vector<Line> lines_;
  std::int64_t step_;  // of the batch that make() makes next
  std::future<StepBatch> ahead_;
};

}  // namespace sojourn
