// What scoring a group of data sets on a stage left, as the stage store keeps it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/eval/scorer.h"

namespace sojourn {

struct LayerRecord {
  std::optional<std::int64_t> layer;  // none where a head is scored
  bool chosen = true;                 // of a sweep: whether the target reports this one
  std::int64_t n = 0;                 // examples with gold
  std::vector<MetricValue> metrics;
};

// One data set.
struct ScoreRecord {
  std::vector<LayerRecord> layers;  // one, but for sweeps
  std::string predictions;          // lines of JSON, at the layer that is chosen
};

// Without the predictions, which are files of their own.
nlohmann::ordered_json to_json(const std::vector<ScoreRecord>& records);
std::vector<ScoreRecord> score_records(const nlohmann::ordered_json& json);

// The file of predictions of the group's i-th data set.
std::string predictions_name(std::size_t i);

}  // namespace sojourn
