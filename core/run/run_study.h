// `sojourn run`: everything from a study file to its results.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/config/study.h"
#include "core/data/task.h"
#include "core/run/machine.h"

namespace sojourn {

struct RunOptions {
  std::filesystem::path out;  // the run's folder
  Machine machine;
  std::filesystem::path cache;  // of tokenized features; empty: none
};

struct RunSummary {
  std::filesystem::path out;               // where the files are
  std::string table;                       // arms against languages
  std::vector<std::string> failed_stages;  // in words; empty when all went well
  bool interrupted = false;
};

// Checks the whole study (tasks, files, every row, the encoder) before it trains anything, then
// trains and scores stage by stage. A stage that fails is left out with those that start from it;
// the others go on.
//
// Throws Error(kInput) for what is wrong with the study or its data, before anything is written.
RunSummary run_study(const Study& study, TaskCatalog& tasks, const RunOptions& options);

}  // namespace sojourn
