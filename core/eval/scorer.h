// From a trained encoder to predictions, statistics and metrics of one data set.
#pragma once

#include <cstdint>
#include <memory>
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

// A data set that went through the encoder, without dropout, ready to be decoded.
class EncodedDataset {
 public:
  EncodedDataset(const Manifest& manifest, const LoadedDataset& data,
                 std::unique_ptr<Decoder> decoder, std::unique_ptr<VectorSearch> search);

  // What decoding of other splits should use, learnt from this one; see Task::tunes.
  std::string tune() const;
  // Has the task decode and score it; `tuned` is "" where nothing was learnt. Throws
  // Error(kPlugin) where decoding leaves an example without a prediction.
  DatasetScores score(const std::string& tuned) const;

 private:
  const Manifest* manifest_;
  const LoadedDataset* data_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<VectorSearch> search_;  // null where the task doesn't search
};

// With a head: through that of the stage that is scored, which sees `inputs`.
EncodedDataset encode_dataset(const Encoder& encoder, Head& head,
                              const std::vector<InputSpec>& inputs, const Manifest& manifest,
                              const LoadedDataset& data, std::int64_t pad_id);

// For a task that searches sentence vectors instead: in one pass, one for each of `layers` (from 0,
// the output of the embeddings), whose hidden states the vectors come from. Vectors are in the
// order of the features, and of their choices.
std::vector<EncodedDataset> encode_dataset(const Encoder& encoder,
                                           const std::vector<std::int64_t>& layers,
                                           const Manifest& manifest, const LoadedDataset& data,
                                           std::int64_t pad_id);

}  // namespace sojourn
