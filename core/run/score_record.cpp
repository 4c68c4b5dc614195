#include "core/run/score_record.h"

#include <utility>

namespace sojourn {

using nlohmann::ordered_json;

ordered_json to_json(const std::vector<ScoreRecord>& records) {
  ordered_json list = ordered_json::array();
  for (const auto& record : records) {
    ordered_json layers = ordered_json::array();
    for (const auto& layer : record.layers) {
      ordered_json made{{"layer", layer.layer ? ordered_json(*layer.layer) : ordered_json()},
                        {"chosen", layer.chosen},
                        {"n", layer.n},
                        {"metrics", ordered_json::array()}};
      for (const auto& metric : layer.metrics) {
        made["metrics"].push_back({{"metric", metric.metric},
                                   {"profile", metric.profile},
                                   {"value", metric.value},
                                   {"primary", metric.primary}});
      }
      layers.push_back(std::move(made));
    }
    list.push_back(std::move(layers));
  }
  return list;
}

std::vector<ScoreRecord> score_records(const ordered_json& json) {
  std::vector<ScoreRecord> records;
  for (const auto& layers : json) {
    ScoreRecord record;
    for (const auto& layer : layers) {
      LayerRecord made;
      if (!layer.at("layer").is_null()) made.layer = layer.at("layer").get<std::int64_t>();
      made.chosen = layer.at("chosen").get<bool>();
      made.n = layer.at("n").get<std::int64_t>();
      for (const auto& metric : layer.at("metrics")) {
        made.metrics.push_back(
            {metric.at("metric").get<std::string>(), metric.at("profile").get<std::string>(),
             metric.at("value").get<double>(), metric.at("primary").get<bool>()});
      }
      record.layers.push_back(std::move(made));
    }
    records.push_back(std::move(record));
  }
  return records;
}

std::string predictions_name(std::size_t i) {
  return "predictions-" + std::to_string(i) + ".jsonl";
}

}  // namespace sojourn
