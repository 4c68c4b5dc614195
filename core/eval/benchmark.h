// Predictions that were made elsewhere, in the folders in which XTREME keeps gold and predictions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/data/task.h"

namespace sojourn {

// The task's scores by the rules of its benchmark, in percent.
struct BenchmarkScores {
  std::string task;
  std::string profile;               // of its primary metric; other profiles are left out
  std::vector<std::string> metrics;  // the primary one first
  std::map<std::string, std::map<std::string, double>> per_language;  // language -> metric
  std::map<std::string, double> mean;                                 // unweighted over languages
  std::int64_t missing = 0;  // examples without a prediction, which count as wrong
};

// Scores folder/predictions against folder/labels, in both of which the task has a file for each
// language; no encoder and no text is needed.
//
//   allow_missing  examples and languages without a prediction count as wrong
//
// Throws Error(kInput) with the file for predictions that can't be read, for unknown examples or a
// language without gold, and for missing predictions with their number.
BenchmarkScores score_benchmark(Task& task, const std::filesystem::path& folder,
                                bool allow_missing);

// A benchmark's tasks together.
struct BenchmarkSummary {
  std::vector<BenchmarkScores> tasks;  // by name
  std::vector<std::string> absent;     // tasks without a folder of gold, or of predictions
};

// Scores every task of the catalog that belongs to the benchmark and is there. Throws as above, and
// Error(kInput) where none is there.
BenchmarkSummary score_benchmark(TaskCatalog& tasks, const std::filesystem::path& folder,
                                 bool allow_missing);

// The mean of the task's metrics, over languages: (F1 + exact match) / 2 where it has these two.
//
// Source: evaluate.py of XTREME, as the next one.
double task_score(const BenchmarkScores& scores);
// The unweighted mean of the tasks' scores; nothing where one is absent.
std::optional<double> mean_score(const BenchmarkSummary& summary);

// {"tasks": [as below, each with "score"], "absent": [TASK], "mean": VALUE or null}
std::string to_json(const BenchmarkSummary& summary);
// {"task", "profile", "per_language": {LANGUAGE: {METRIC: VALUE}}, "mean": {METRIC: VALUE}}
std::string to_json(const BenchmarkScores& scores);

}  // namespace sojourn
