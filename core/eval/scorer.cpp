#include "core/eval/scorer.h"

#include <algorithm>
#include <memory>

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
                                                  const Manifest& manifest,
                                                  const FeatureTable& features,
                                                  std::int64_t pad_id) {
  std::vector<std::vector<at::Tensor>> outputs(static_cast<std::size_t>(features.size()));
  for (const auto& chosen : scoring_batches(features, kPiecesAtOnce)) {
    throw_if_interrupted();
    const Batch batch = collate(features, chosen, pad_id);
    const auto inputs = head_inputs(encoder, batch, manifest, nullptr);
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

std::unique_ptr<ExactSearch> sentence_search(const Encoder& encoder, const Manifest& manifest,
                                             const FeatureTable& features, std::int64_t layer,
                                             std::int64_t pad_id) {
  layer = resolve_layer(layer, encoder.config(), "task '" + manifest.name + "'");
  auto vectors = at::empty({features.size(), encoder.config().hidden_size},
                           at::device(encoder.device()).dtype(at::kFloat));
  for (const auto& chosen : scoring_batches(features, kPiecesAtOnce)) {
    throw_if_interrupted();
    const Batch batch = collate(features, chosen, pad_id);
    const auto hidden = encoder.forward({batch.ids, batch.lengths}, layer, nullptr).layer(layer);
    const auto pooled =
        manifest.search->mean ? mean_pool(hidden, batch.lengths) : hidden.select(1, 0);
    vectors.index_copy_(0, at::tensor(chosen, at::kLong).to(encoder.device()), pooled);
  }
  const std::size_t side_field = field_index(manifest, manifest.search->side);
  std::vector<std::int64_t> side;
  for (std::int64_t feature = 0; feature < features.size(); ++feature) {
    side.push_back(*static_cast<const std::int64_t*>(features.field(feature, side_field).data));
  }
  return std::make_unique<ExactSearch>(vectors, side);
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

// A data set that went through the encoder, ready to be decoded.
struct Decoding {
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<ExactSearch> search;  // null where the task doesn't search
};

Decoding begin_decoding(const Encoder& encoder, Head* head, const Manifest& manifest,
                        const LoadedDataset& data, std::int64_t layer, std::int64_t pad_id) {
  Decoding decoding{data.data->decoder(), nullptr};
  if (manifest.search) {
    decoding.search = sentence_search(encoder, manifest, data.features, layer, pad_id);
  } else {
    decode_outputs(*decoding.decoder, manifest, data.features,
                   head_outputs(encoder, *head, manifest, data.features, pad_id));
  }
  return decoding;
}

std::vector<std::string> finish(const Decoding& decoding, const Manifest& manifest,
                                const LoadedDataset& data, const std::string& tuned) {
  std::vector<std::optional<std::string>> found(static_cast<std::size_t>(data.examples));
  decoding.decoder->finish(tuned, decoding.search.get(),
                           [&](std::int64_t example, std::string_view text) {
                             if (example >= data.examples) return;  // past the study's limit
                             found.at(static_cast<std::size_t>(example)) = std::string(text);
                           });
  std::vector<std::string> predictions;
  for (auto& prediction : found) {
    if (!prediction) {
      const auto example = static_cast<std::int64_t>(predictions.size());
      throw Error(ErrorKind::kPlugin, "task '" + manifest.name + "'",
                  "decoding gave no prediction for example " + data.data->example(example).id);
    }
    predictions.push_back(*std::move(prediction));
  }
  return predictions;
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

DatasetScores score_dataset(const Encoder& encoder, Head* head, const Manifest& manifest,
                            const LoadedDataset& data, const LoadedDataset* tuning,
                            std::int64_t layer, std::int64_t pad_id) {
  const at::NoGradGuard no_grad;
  const auto begin = [&](const LoadedDataset& some) {
    return begin_decoding(encoder, head, manifest, some, layer, pad_id);
  };
  const Decoding decoding = begin(data);
  std::string tuned;
  if (tuning == &data) {
    tuned = decoding.decoder->tune(decoding.search.get());
  } else if (tuning != nullptr) {
    const Decoding on_dev = begin(*tuning);
    tuned = on_dev.decoder->tune(on_dev.search.get());
  }
  return score_predictions(manifest, *data.data, finish(decoding, manifest, data, tuned));
}

}  // namespace sojourn
