// A run's predictions in the layout in which a benchmark takes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/data/task.h"

namespace sojourn {

struct SubmissionOptions {
  std::filesystem::path run;  // the folder that `sojourn run` wrote
  std::filesystem::path out;  // predictions/<task>/.. are written below it
  std::string arm = "none";
  std::uint64_t seed = 1;
};

// Writes the predictions for the test split of every target that belongs to a benchmark, labelled
// or not, and gives the files written. Throws Error(kInput) where the run has none of that arm and
// seed, or two targets of one task.
std::vector<std::filesystem::path> write_submission(const SubmissionOptions& options,
                                                    TaskCatalog& tasks);

}  // namespace sojourn
