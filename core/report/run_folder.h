// The folders that `sojourn run` wrote, read back, and several of one study as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/config/study.h"
#include "core/report/declared.h"
#include "core/report/results.h"
#include "core/report/table.h"

namespace sojourn {

struct RunFolder {
  std::filesystem::path path;
  Study study;
  Declared declared;
  nlohmann::ordered_json manifest;
  std::vector<ResultRow> rows;        // with `primary` as the tasks declared it
  std::vector<ResultRow> layer_rows;  // of sweeps over layers, likewise
};

// Throws Error(kInput) naming the file that isn't there or is wrong.
RunFolder read_run(const std::filesystem::path& folder);

// Runs of one study, made at different times or places: other seeds, arms, targets or languages.
struct JoinedRuns {
  std::vector<RunFolder> runs;       // at least one
  Declared declared;                 // scores and scores_before are sums
  std::vector<ComparedArm> arms;     // of all runs, in the order of the first that has them
  std::vector<Target> targets;       // the same
  std::vector<std::uint64_t> seeds;  // sorted
  // What the report should say of them: runs that were interrupted or had failing stages, other
  // machines or versions.
  std::vector<std::string> notes;
};

// Throws Error(kInput) naming both runs and what differs where one has another study name, encoder,
// data file, metric, recipe, declaration, or another value for the same cell.
JoinedRuns join_runs(const std::vector<std::filesystem::path>& folders);

}  // namespace sojourn
