#include "core/report/results.h"

#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

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
