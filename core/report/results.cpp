#include "core/report/results.h"

#include <algorithm>
#include <sstream>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/plan/plan.h"

namespace sojourn {

std::string results_jsonl(std::vector<ResultRow> rows) {
  std::sort(rows.begin(), rows.end(), [](const ResultRow& a, const ResultRow& b) {
    const auto key = [](const ResultRow& r) {
      return std::tie(r.study, r.arm, r.target, r.task, r.seed, r.language, r.split, r.layer,
                      r.metric, r.profile);
    };
    return key(a) < key(b);
  });
  std::string text;
  for (const auto& row : rows) {
    const nlohmann::ordered_json line{
        {"study", row.study},   {"arm", row.arm},
        {"target", row.target}, {"task", row.task},
        {"seed", row.seed},     {"language", row.language},
        {"split", row.split},   {"layer", row.layer ? nlohmann::ordered_json(*row.layer) : nullptr},
        {"metric", row.metric}, {"profile", row.profile},
        {"value", row.value},   {"n", row.n},
        {"stage", row.stage}};
    text += line.dump() + "\n";
  }
  return text;
}

std::vector<Prediction> read_predictions(const std::filesystem::path& file) {
  std::vector<Prediction> predictions;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    try {
      const auto json = nlohmann::json::parse(line);
      predictions.push_back({json.at("id"), json.at("prediction")});
    } catch (const nlohmann::json::exception& error) {
      throw input_error(file.string() + ":" + std::to_string(predictions.size() + 1),
                        std::string("not a prediction: ") + error.what());
    }
  }
  return predictions;
}

std::vector<ResultRow> parse_results(std::string_view jsonl, const std::string& where) {
  std::vector<ResultRow> rows;
  std::istringstream lines{std::string(jsonl)};
  for (std::string line; std::getline(lines, line);) {
    try {
      const auto json = nlohmann::json::parse(line);
      ResultRow row;
      for (const auto& [key, value] :
           {std::pair("study", &row.study), std::pair("arm", &row.arm),
            std::pair("target", &row.target), std::pair("task", &row.task),
            std::pair("language", &row.language), std::pair("split", &row.split),
            std::pair("metric", &row.metric), std::pair("profile", &row.profile),
            std::pair("stage", &row.stage)}) {
        *value = json.at(key).get<std::string>();
      }
      row.seed = json.at("seed");
      row.value = json.at("value");
      row.n = json.at("n");
      if (!json.at("layer").is_null()) row.layer = json.at("layer").get<std::int64_t>();
      rows.push_back(std::move(row));
    } catch (const nlohmann::json::exception& error) {
      throw input_error(where + ":" + std::to_string(rows.size() + 1),
                        std::string("not a row of results: ") + error.what());
    }
  }
  return rows;
}

std::filesystem::path predictions_file(const std::string& arm, const std::string& target,
                                       std::uint64_t seed, const std::string& split,
                                       const std::string& language) {
  return std::filesystem::path("predictions") / arm /
         (target.empty() ? kIntermediateFolder : target) / std::to_string(seed) / split /
         (language + ".jsonl");
}

std::string predictions_jsonl(const std::vector<ScoredExample>& examples,
                              const std::vector<std::string>& statistics) {
  std::string text;
  for (const auto& example : examples) {
    nlohmann::ordered_json line{{"id", example.info.id},
                                {"align", example.info.align},
                                {"cluster", example.info.cluster},
                                {"prediction", example.prediction}};
    for (std::size_t s = 0; s < example.statistics.size(); ++s)
      line["statistics"][statistics[s]] = example.statistics[s];
    text += line.dump() + "\n";
  }
  return text;
}

}  // namespace sojourn
