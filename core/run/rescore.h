// A run's predictions, scored again from its files: no encoder is needed.
#pragma once

#include <filesystem>
#include <vector>

#include "core/data/task.h"
#include "core/report/results.h"

namespace sojourn {

struct Rescored {
  struct Difference {
    ResultRow written;  // in results.jsonl
    ResultRow now;      // another value, or another n
  };
  std::vector<ResultRow> rows;  // as in results.jsonl, with the values found now
  std::vector<Difference> differences;
  std::size_t files = 0;  // of predictions
};

// Scores every file of predictions that results.jsonl has rows of.
//
//   run   the folder that `sojourn run` wrote
//   root  of the data, whose gold is read
//
// Throws Error(kInput) with the file for what isn't there or is wrong, such as predictions for
// other examples than the data's.
Rescored rescore_run(const std::filesystem::path& run, const std::filesystem::path& root,
                     TaskCatalog& tasks);

}  // namespace sojourn
