// `sojourn plan`: what a run of a study would do, before it does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/run/machine.h"
#include "core/run/stored_study.h"

namespace sojourn {

struct PlannedStage {
  std::string id;
  std::string key;
  std::optional<std::size_t> parent;
  std::vector<std::string> tasks;
  // Where the data was tokenized before, by a run or by this plan's study.
  std::optional<std::int64_t> steps;
  std::optional<std::int64_t> tokens;         // trained on, real ones
  std::optional<std::int64_t> scored_tokens;  // of the scores that are left to do
  std::optional<double> seconds;              // of what is left to do
  std::size_t scores = 0;                     // groups of data sets that are scored together
  std::size_t scores_there = 0;
  bool train = false;
  bool there = false;  // it's in the store, if perhaps without its weights
};

struct PlanReport {
  std::string study;
  std::string machine;  // machine_text()
  int threads = 1;
  std::vector<PlannedStage> stages;  // stage 0 is the encoder
  std::int64_t naive_trainings = 0;
  std::optional<double> rate;  // real tokens a second in training that times are made with
  std::string rate_source;
  std::optional<std::uintmax_t> peak_disk;   // bytes in the store at most
  std::optional<std::uintmax_t> least_disk;  // where weights that no planned score needs are gone
  std::vector<std::string> missing;          // why the plan is provisional

  std::size_t trainings() const { return stages.size() - 1; }
  std::size_t left() const;  // trainings to do
};

struct PlanOptions {
  std::filesystem::path store;
  std::filesystem::path cache;  // of tokenized features
  Machine machine;
  std::optional<double> rate;  // else as measured by stages of this encoder on such a machine
};

// Reads neither weights nor data, but hashes of files that no process has hashed before.
PlanReport report_plan(const Study& study, TaskCatalog& tasks, const PlanOptions& options);

std::string plan_table(const PlanReport& report);
std::string plan_json(const PlanReport& report);

// A Snakefile that runs each stage of the plan as a job of its own, then the study.
//
//   study      the study's file, as the jobs will be given it
//   arguments  of every `sojourn` call: overrides, --store, threads, precision; quoted for a shell
std::string plan_snakefile(const PlanReport& report, const std::string& study,
                           const std::string& arguments, const std::string& out);

}  // namespace sojourn
