#include "core/run/stage_scorer.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/report/results.h"

namespace sojourn {

StageScorer::StageScorer(const Encoder& encoder, const StageHeads& heads, TaskCatalog& tasks,
                         DataOf data, std::int64_t pad_id)
    : encoder_(encoder), heads_(heads), tasks_(tasks), data_(std::move(data)), pad_id_(pad_id) {}

std::vector<ScoreRecord> StageScorer::score(const ScoringGroup& group,
                                            const std::function<void(const Scoring&)>& scored) {
  std::vector<std::vector<LayerScores>> found;
  for (const Scoring* scoring : group) {
    found.push_back(score(*scoring));
    scored(*scoring);
  }
  // Which layer of a sweep is reported is known when the last data set that chooses is scored.
  std::vector<ScoreRecord> records;
  for (std::size_t i = 0; i < group.size(); ++i) records.push_back(record(*group[i], found[i]));
  return records;
}

ScoreRecord StageScorer::record(const Scoring& scoring,
                                const std::vector<LayerScores>& found) const {
  ScoreRecord made;
  for (const auto& [layer, scores] : found) {
    const bool chosen = scoring.sweep == SweepPart::kNone || layer == reported_layer(scoring);
    made.layers.push_back({layer, chosen, scores.n, scores.metrics});
    if (!chosen) continue;
    const auto& manifest = tasks_.task(scoring.data.task).manifest();
    made.predictions = predictions_jsonl(scores.examples, manifest.statistics);
  }
  return made;
}

std::vector<LayerScores> StageScorer::score(const Scoring& scoring) {
  const auto layers = layers_of(scoring);
  std::vector<std::optional<std::int64_t>> to_learn;
  for (const auto& layer : layers) {
    const bool known = !scoring.tuning || learnt_.contains({*scoring.tuning, layer});
    if (!known) to_learn.push_back(layer);
  }
  if (scoring.tuning && scoring.tuning != scoring.data && !to_learn.empty())
    learn(*scoring.tuning, encode(*scoring.tuning, scoring.head, to_learn));
  const auto encoded = encode(scoring.data, scoring.head, layers);
  if (scoring.tuning == scoring.data) learn(scoring.data, encoded);
  std::vector<LayerScores> found;
  for (const auto& [layer, data] : encoded) {
    const auto tuned = scoring.tuning ? learnt_.at({*scoring.tuning, layer}) : "";
    found.push_back({layer, data.score(tuned)});
  }
  if (scoring.sweep == SweepPart::kChooses) add_to_choice(scoring, found);
  return found;
}

std::int64_t StageScorer::chosen_layer(const std::string& target) const {
  const auto& sums = choices_.at(target);
  return std::max_element(sums.begin(), sums.end()) - sums.begin();
}

std::int64_t StageScorer::reported_layer(const Scoring& scoring) const {
  return scoring.layer ? *scoring.layer : chosen_layer(scoring.target);
}

std::vector<std::optional<std::int64_t>> StageScorer::layers_of(const Scoring& scoring) const {
  if (scoring.sweep == SweepPart::kNone) return {scoring.layer};
  if (scoring.sweep == SweepPart::kChosen) return {reported_layer(scoring)};
  std::vector<std::optional<std::int64_t>> all;
  for (std::int64_t layer = 0; layer <= encoder_.config().layers; ++layer) all.emplace_back(layer);
  return all;
}

std::vector<StageScorer::Encoded> StageScorer::encode(
    const DatasetKey& key, const std::string& head,
    const std::vector<std::optional<std::int64_t>>& layers) const {
  const Manifest& manifest = tasks_.task(key.task).manifest();
  std::vector<Encoded> encoded;
  if (!manifest.search) {
    const TaskHead& made = heads_.at(head);
    encoded.push_back({std::nullopt, encode_dataset(encoder_, *made.head, made.inputs, manifest,
                                                    data_(key), pad_id_)});
    return encoded;
  }
  std::vector<std::int64_t> numbers;
  for (const auto& layer : layers) numbers.push_back(layer.value());
  auto at_layers = encode_dataset(encoder_, numbers, manifest, data_(key), pad_id_);
  for (std::size_t l = 0; l < numbers.size(); ++l)
    encoded.push_back({numbers[l], std::move(at_layers[l])});
  return encoded;
}

void StageScorer::learn(const DatasetKey& key, const std::vector<Encoded>& encoded) {
  for (const auto& [layer, data] : encoded) learnt_[{key, layer}] = data.tune();
}

void StageScorer::add_to_choice(const Scoring& scoring, const std::vector<LayerScores>& found) {
  auto& sums = choices_[scoring.target];
  sums.resize(found.size(), 0.0);
  for (std::size_t l = 0; l < found.size(); ++l) {
    const auto& metrics = found[l].scores.metrics;
    const auto primary = std::find_if(metrics.begin(), metrics.end(),
                                      [](const MetricValue& metric) { return metric.primary; });
    if (primary == metrics.end()) {
      const DatasetKey& data = scoring.data;
      throw input_error("target '" + scoring.target + "'",
                        "its layer can't be chosen on " + data.task + " " + data.split + " " +
                            data.language + ", which has no gold");
    }
    sums[l] += primary->value;
  }
}

}  // namespace sojourn
