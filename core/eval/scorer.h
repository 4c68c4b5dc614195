// From a trained encoder to predictions, statistics and metrics of one data set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/data/features.h"
#include "core/model/encoder.h"

namespace sojourn {

struct ScoredExample {
  ExampleInfo info;
  std::string prediction;
  std::vector<double> statistics;  // in the order of the manifest; none without gold
};

struct MetricValue {
  std::string metric;
  std::string profile;
  double value = 0;  // in percent
  bool primary = false;
};

struct DatasetScores {
  std::vector<ScoredExample> examples;  // in the order of the file
  std::int64_t n = 0;                   // examples with gold
  std::vector<MetricValue> metrics;     // none where no example has gold
};

// Scores predictions from anywhere, one for each of the data set's first examples.
DatasetScores score_predictions(const Manifest& manifest, const Dataset& data,
                                const std::vector<std::string>& predictions);

// Runs the data set through the encoder without dropout and has the task decode and score it.
//
//   head   of the stage that is scored; null for a task that searches sentence vectors instead
//   layer  whose hidden states such vectors come from; -1 is the last
//   tuning what decoding learns on first, see Task::tunes; may be `data` itself; null: nothing
//
// Throws Error(kPlugin) where decoding leaves an example without a prediction.
DatasetScores score_dataset(const Encoder& encoder, Head* head, const Manifest& manifest,
                            const LoadedDataset& data, const LoadedDataset* tuning,
                            std::int64_t layer, std::int64_t pad_id);

}  // namespace sojourn
