// results.jsonl and the predictions: what a run found, in a form that any statistic can start from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/eval/scorer.h"

namespace sojourn {

struct ResultRow {
  std::string study, arm, target, task;  // target: "" for the dev split of an intermediate stage
  std::uint64_t seed = 0;
  std::string language, split;
  std::optional<std::int64_t> layer;
  std::string metric, profile;
  double value = 0;      // in percent
  std::int64_t n = 0;    // examples with gold
  std::string stage;     // that it came from
  bool primary = false;  // not written: which metric the table shows
};

// One JSON object a line, sorted by all that names a row, so that equal runs give equal bytes.
std::string results_jsonl(std::vector<ResultRow> rows);

// The rows of such text, but for `primary`. Throws Error(kInput) at `where` and the line.
std::vector<ResultRow> parse_results(std::string_view jsonl, const std::string& where);

// Below the folder of a run: predictions/<arm>/<target>/<seed>/<split>/<language>.jsonl. The dev
// split of an intermediate stage, which has no target, is under "intermediate"; where the dev split
// of another task than the target's shows what a stage learnt, `split` carries that task's name.
std::filesystem::path predictions_file(const std::string& arm, const std::string& target,
                                       std::uint64_t seed, const std::string& split,
                                       const std::string& language);

struct Prediction {
  std::string id;
  std::string text;
};

// What a file that predictions_jsonl wrote predicts, in its order. Throws Error(kInput) with file
// and line.
std::vector<Prediction> read_predictions(const std::filesystem::path& file);

// One JSON object a line: id, align, cluster, prediction, statistics by name (left out where the
// example has no gold). No source text.
std::string predictions_jsonl(const std::vector<ScoredExample>& examples,
                              const std::vector<std::string>& statistics);

}  // namespace sojourn
