#include "core/train/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sojourn {

namespace {

// Uniform in [0, 1).
double uniform(const RandomKey& key, std::string_view stream) {
  const auto block = Philox(key, stream)(0);
  const std::uint64_t bits = (static_cast<std::uint64_t>(block[0]) << 21) ^ (block[1] >> 11);
  return static_cast<double>(bits) * 0x1.0p-53;
}

}  // namespace

std::vector<double> sampling_shares(const std::vector<std::int64_t>& sizes,
                                    std::optional<std::int64_t> cap, double exponent) {
  std::vector<double> weights;
  for (const std::int64_t size : sizes) {
    const std::int64_t counted = cap ? std::min(size, *cap) : size;
    weights.push_back(std::pow(static_cast<double>(counted), exponent));
  }
  return sampling_shares(weights);
}

std::vector<double> sampling_shares(const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> shares;
  for (const double weight : weights) shares.push_back(weight / sum);
  return shares;
}

std::size_t drawn_task(const RandomKey& key, std::int64_t step, const std::vector<double>& shares) {
  const double u = uniform({key.seed, key.role, static_cast<std::uint64_t>(step)}, "sampling");
  double cumulative = 0;
  std::size_t drawn = 0;  // the last task with a share, where rounding leaves the sum below u
  for (std::size_t task = 0; task < shares.size(); ++task) {
    if (shares[task] <= 0) continue;
    drawn = task;
    cumulative += shares[task];
    if (cumulative > u) break;
  }
  return drawn;
}

std::int64_t stage_steps(StepTasks step_tasks, const std::vector<TaskEpochs>& tasks) {
  std::int64_t steps = 0;
  for (const auto& task : tasks) {
    const auto batches = (task.features + task.batch_size - 1) / task.batch_size;
    steps += std::llround(std::ceil(task.epochs * static_cast<double>(batches)));
    if (step_tasks == StepTasks::kAll) break;
  }
  return std::max<std::int64_t>(1, steps);
}

}  // namespace sojourn
