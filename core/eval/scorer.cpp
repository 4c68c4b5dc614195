#include "core/eval/scorer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/data/batches.h"
#include "core/eval/exact_search.h"
#include "core/model/head_inputs.h"

namespace sojourn {

namespace {

constexpr std::int64_t kPiecesAtOnce = 4096;

// The example that each feature belongs to.
std::vector<std::int64_t> examples_of(const FeatureTable& features) {
  std::vector<std::int64_t> examples;
  for (std::int64_t example = 0; example < features.examples(); ++example) {
    examples.resize(static_cast<std::size_t>(features.first_feature(example + 1)), example);
  }
  return examples;
}

std::size_t field_index(const Manifest& manifest, const std::string& name) {
  std::size_t f = 0;
  while (manifest.fields[f].name != name) ++f;  // parse_manifest checked that it is there
  return f;
}

// One row of a batch's output with the padding cut off, contiguous.
at::Tensor unpadded(const at::Tensor& output, std::int64_t row, const OutputSpec& spec,
                    std::int64_t length, std::int64_t choices) {
  auto value = output.select(0, row);
  for (std::size_t d = 0; d < spec.dims.size(); ++d) {
    if (spec.dims[d] == "T") value = value.narrow(static_cast<std::int64_t>(d), 0, length);
    if (spec.dims[d] == "C") value = value.narrow(static_cast<std::int64_t>(d), 0, choices);
  }
  return value.contiguous();
}

// Outputs of the head for every feature: by feature, then by output, on the CPU.
std::vector<std::vector<at::Tensor>> head_outputs(const Encoder& encoder, Head& head,
                                                  const std::vector<InputSpec>& specs,
                                                  const Manifest& manifest,
                                                  const FeatureTable& features,
                                                  std::int64_t pad_id) {
  std::vector<std::vector<at::Tensor>> outputs(static_cast<std::size_t>(features.size()));
  for (const auto& chosen : scoring_batches(features, kPiecesAtOnce)) {
    throw_if_interrupted();
    const Batch batch = collate(features, chosen, pad_id);
    const auto inputs = head_inputs(encoder, batch, manifest, specs, nullptr);
    const auto batch_outputs = head.forward({inputs, batch.size, /*training=*/false, {}, 0});
    for (std::size_t o = 0; o < batch_outputs.size(); ++o) {
      const auto type = batch_outputs[o].is_floating_point() ? at::kFloat : at::kLong;
      const auto output = batch_outputs[o].to(at::kCPU, type);
      for (std::size_t row = 0; row < chosen.size(); ++row) {
        const auto shape = features.field(chosen[row], 0).shape;
        outputs[static_cast<std::size_t>(chosen[row])].push_back(
            unpadded(output, static_cast<std::int64_t>(row), manifest.outputs[o], shape.back(),
                     shape.front()));
      }
    }
  }
  return outputs;
}

void decode_outputs(Decoder& decoder, const Manifest& manifest, const FeatureTable& features,
                    const std::vector<std::vector<at::Tensor>>& outputs) {
  const auto examples = examples_of(features);
  for (std::int64_t feature = 0; feature < features.size(); ++feature) {
    std::vector<NamedArray> arrays;
    for (std::size_t f = 0; f < manifest.fields.size(); ++f) {
      arrays.push_back({manifest.fields[f].name, features.field(feature, f)});
    }
    for (std::size_t o = 0; o < manifest.outputs.size(); ++o) {
      const auto& value = outputs[static_cast<std::size_t>(feature)][o];
      const auto type = value.is_floating_point() ? FieldType::kFloat32 : FieldType::kInt64;
      arrays.push_back(
          {manifest.outputs[o].name, {type, value.sizes().vec(), value.const_data_ptr()}});
    }
    decoder.add(examples[static_cast<std::size_t>(feature)], arrays);
  }
}

// The vectors that a search keeps: of each feature, or of each of its choices.
struct KeptVectors {
  std::vector<std::int64_t> side;   // of each vector, in the order of features and choices
  std::vector<std::int64_t> place;  // of each choice of each feature: its vector, or -1
  std::vector<std::int64_t> first;  // of each feature: of its choices in `place`
};

KeptVectors kept_vectors(const Manifest& manifest, const FeatureTable& features) {
  const std::size_t field = field_index(manifest, manifest.search->side);
  KeptVectors kept;
  for (std::int64_t feature = 0; feature < features.size(); ++feature) {
    const ArrayView view = features.field(feature, field);
    const auto* sides = static_cast<const std::int64_t*>(view.data);
    kept.first.push_back(static_cast<std::int64_t>(kept.place.size()));
    for (std::int64_t choice = 0; choice < (view.shape.empty() ? 1 : view.shape[0]); ++choice) {
      const bool keep = view.shape.empty() || sides[choice] != -1;
      kept.place.push_back(keep ? static_cast<std::int64_t>(kept.side.size()) : -1);
      if (keep) kept.side.push_back(sides[choice]);
    }
  }
  kept.first.push_back(static_cast<std::int64_t>(kept.place.size()));
  return kept;
}

// Rows of a batch that are kept, and the places of their vectors.
struct KeptRows {
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> places;
};

KeptRows kept_rows(const KeptVectors& kept, const std::vector<std::int64_t>& chosen,
                   const Batch& batch) {
  KeptRows found;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto feature = static_cast<std::size_t>(chosen[i]);
    for (std::int64_t at = kept.first[feature]; at < kept.first[feature + 1]; ++at) {
      const std::int64_t place = kept.place[static_cast<std::size_t>(at)];
      if (place < 0) continue;
      found.rows.push_back(static_cast<std::int64_t>(i) * batch.choices + at - kept.first[feature]);
      found.places.push_back(place);
    }
  }
  return found;
}

// hidden [B, T, H] -> [B, H]
at::Tensor vectors_of_rows(const at::Tensor& hidden, const std::vector<std::int64_t>& lengths,
                           SearchSpec::Vector kind) {
  switch (kind) {
    case SearchSpec::Vector::kMean:
      return mean_pool(hidden, lengths);
    case SearchSpec::Vector::kInnerMean:
      return inner_mean_pool(hidden, lengths);
    case SearchSpec::Vector::kFirst:
      break;
  }
  return hidden.select(1, 0);
}

// The vectors of each layer, [n, H] each.
std::vector<at::Tensor> sentence_vectors(const Encoder& encoder,
                                         const std::vector<std::int64_t>& layers,
                                         SearchSpec::Vector kind, const FeatureTable& features,
                                         const KeptVectors& kept, std::int64_t pad_id) {
  std::vector<at::Tensor> vectors;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    vectors.push_back(
        at::empty({static_cast<std::int64_t>(kept.side.size()), encoder.config().hidden_size},
                  at::device(encoder.device()).dtype(at::kFloat)));
  }
  const std::int64_t highest = *std::max_element(layers.begin(), layers.end());
  for (const auto& chosen : scoring_batches(features, kPiecesAtOnce)) {
    throw_if_interrupted();
    const Batch batch = collate(features, chosen, pad_id);
    const auto in_batch = kept_rows(kept, chosen, batch);
    const auto rows = at::tensor(in_batch.rows, at::kLong).to(encoder.device());
    const auto places = at::tensor(in_batch.places, at::kLong).to(encoder.device());
    const auto states = encoder.forward({batch.ids, batch.lengths}, highest, nullptr);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto hidden = states.layer(layers[l]);
      const auto of_rows = vectors_of_rows(hidden, batch.lengths, kind);
      vectors[l].index_copy_(0, places, of_rows.index_select(0, rows).to(at::kFloat));
    }
  }
  return vectors;
}

std::vector<MetricValue> metrics_of(const Manifest& manifest,
                                    const std::vector<ScoredExample>& examples) {
  std::vector<double> sums(manifest.statistics.size(), 0.0);
  for (const auto& example : examples) {
    for (std::size_t s = 0; s < example.statistics.size(); ++s) sums[s] += example.statistics[s];
  }
  std::vector<MetricValue> values;
  for (const auto& metric : manifest.metrics) {
    values.push_back({metric.name, metric.profile, metric.evaluate(sums), metric.primary});
  }
  return values;
}

}  // namespace

DatasetScores score_predictions(const Manifest& manifest, const Dataset& data,
                                const std::vector<std::string>& predictions) {
  DatasetScores scores;
  for (const auto& prediction : predictions) {
    const auto example = static_cast<std::int64_t>(scores.examples.size());
    auto statistics = data.score(example, prediction);
    if (statistics) ++scores.n;
    scores.examples.push_back(
        {data.example(example), prediction, statistics.value_or(std::vector<double>())});
  }
  if (scores.n > 0) scores.metrics = metrics_of(manifest, scores.examples);
  return scores;
}

EncodedDataset::EncodedDataset(const Manifest& manifest, const LoadedDataset& data,
                               std::unique_ptr<Decoder> decoder,
                               std::unique_ptr<VectorSearch> search)
    : manifest_(&manifest),
      data_(&data),
      decoder_(std::move(decoder)),
      search_(std::move(search)) {}

std::string EncodedDataset::tune() const {
  const at::NoGradGuard no_grad;
  return decoder_->tune(search_.get());
}

DatasetScores EncodedDataset::score(const std::string& tuned) const {
  const at::NoGradGuard no_grad;
  std::vector<std::optional<std::string>> found(static_cast<std::size_t>(data_->examples));
  decoder_->finish(tuned, search_.get(), [&](std::int64_t example, std::string_view text) {
    if (example >= data_->examples) return;  // past the study's limit
    found.at(static_cast<std::size_t>(example)) = std::string(text);
  });
  std::vector<std::string> predictions;
  for (auto& prediction : found) {
    if (!prediction) {
      const auto example = static_cast<std::int64_t>(predictions.size());
      throw Error(ErrorKind::kPlugin, "task '" + manifest_->name + "'",
                  "decoding gave no prediction for example " + data_->data->example(example).id);
    }
    predictions.push_back(*std::move(prediction));
  }
  return score_predictions(*manifest_, *data_->data, predictions);
}

EncodedDataset encode_dataset(const Encoder& encoder, Head& head,
                              const std::vector<InputSpec>& inputs, const Manifest& manifest,
                              const LoadedDataset& data, std::int64_t pad_id) {
  const at::NoGradGuard no_grad;
  auto decoder = data.data->decoder();
  decode_outputs(*decoder, manifest, data.features,
                 head_outputs(encoder, head, inputs, manifest, data.features, pad_id));
  return {manifest, data, std::move(decoder), nullptr};
}

std::vector<EncodedDataset> encode_dataset(const Encoder& encoder,
                                           const std::vector<std::int64_t>& layers,
                                           const Manifest& manifest, const LoadedDataset& data,
                                           std::int64_t pad_id) {
  const at::NoGradGuard no_grad;
  const auto kept = kept_vectors(manifest, data.features);
  auto of_layers =
      sentence_vectors(encoder, layers, manifest.search->vector, data.features, kept, pad_id);
  std::vector<EncodedDataset> encoded;
  for (auto& vectors : of_layers) {
    encoded.emplace_back(manifest, data, data.data->decoder(),
                         std::make_unique<ExactSearch>(std::exchange(vectors, {}), kept.side));
  }
  return encoded;
}

}  // namespace sojourn
