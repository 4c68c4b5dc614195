// `sojourn run` and `sojourn stage`: everything from a study file to its results.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/config/study.h"
#include "core/data/task.h"
#include "core/run/machine.h"

namespace sojourn {

struct RunOptions {
  std::filesystem::path out;    // the run's folder; not of run_stage()
  std::filesystem::path store;  // of stages and scores
  Machine machine;
  std::filesystem::path cache;  // of tokenized features; empty: none
};

struct RunSummary {
  std::filesystem::path out;               // where the files are
  std::string table;                       // arms against languages
  std::vector<std::string> failed_stages;  // in words; empty when all went well
  bool interrupted = false;
};

// Checks the whole study (tasks, files, every row of what is left to do, the encoder) before it
// trains anything, then trains and scores stage by stage what the store hasn't got. A stage that
// fails is left out with those that start from it; the others go on. An interrupted one leaves a
// checkpoint in the store, from which the same call goes on.
//
// Throws Error(kInput) for what is wrong with the study or its data, before anything is written.
RunSummary run_study(const Study& study, TaskCatalog& tasks, const RunOptions& options);

// One stage of the plan, by its key or its id: trains it and scores what the study scores on it,
// into the store, which must have the stage that it starts from.
//
//   planned_for  machine_text() of the machine that the key was made for; empty: not known
//
// Throws Error(kInput) where the plan has no such stage, or it was planned for another machine
// (both are named), and what a failing stage throws.
void run_stage(const Study& study, TaskCatalog& tasks, const RunOptions& options,
               const std::string& name, const std::string& planned_for);

}  // namespace sojourn
