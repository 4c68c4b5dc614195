// What the statistics of a target start from, out of the folders of its runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/report/run_folder.h"
#include "core/statistics/target_scores.h"

namespace sojourn {

// The score that a report shows of a target.
struct TargetMetric {
  std::string target;
  std::string task;
  std::string split;  // "test" if the study scores it, else the first that it does
  std::string metric;
  std::string profile;
};

// By the study's primary metric of the task. Throws Error(kInput) for a task without one.
TargetMetric metric_of(const Target& target, const Declared& declared);

// One value of it, in percent.
struct Score {
  std::string arm;
  std::string language;
  std::uint64_t seed = 0;
  double value = 0;
  std::int64_t n = 0;                 // examples with gold
  std::optional<std::int64_t> layer;  // that it was scored at
  std::size_t run = 0;                // that it is from, of JoinedRuns::runs
};

// All that there are, in the order of the rows.
std::vector<Score> scores_of(const JoinedRuns& runs, const TargetMetric& metric);

// The statistics of the examples of these scores, from the files of predictions. Throws
// Error(kInput) naming the file where one isn't there, has other examples than another arm or seed,
// or doesn't give the value that results.jsonl has. `progress`: the share of languages that are
// read, from 0 to 1; one thread at a time calls it.
TargetScores read_target(const JoinedRuns& runs, const TargetMetric& metric,
                         const std::vector<Score>& scores, int threads,
                         const std::function<void(double share)>& progress);

}  // namespace sojourn
