// One case of compare_references.py, scored by the SDK, and by the host where statistics are
// summed.
#pragma once

#include <sojourn/answers.h>
#include <sojourn/chunks.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/data/manifest.h"

namespace sojourn {

inline nlohmann::json chunks_case(const nlohmann::json& request, sdk::ChunkProfile profile) {
  const auto words = request.at("tags").get<std::vector<std::string>>();
  nlohmann::json list = nlohmann::json::array();
  for (const auto& chunk : sdk::chunks_of({words.begin(), words.end()}, profile))
    list.push_back({chunk.type, chunk.begin, chunk.end});
  return list;
}

inline sdk::AnswerScore answer_case(const std::string& rules, const nlohmann::json& request) {
  const auto answer = request.at("answer").get<std::string>();
  const auto gold = request.at("gold").get<std::vector<std::string>>();
  if (rules == "squad") return sdk::best_score(answer, gold, sdk::squad_words);
  if (rules == "squad-v2") return sdk::squad_v2_score(answer, gold);
  if (rules != "mlqa") throw std::invalid_argument("no rules are called '" + rules + "'");
  const auto language = request.at("language").get<std::string>();
  return sdk::best_score(answer, gold,
                         [&](std::string_view text) { return sdk::mlqa_words(text, language); });
}

// In percent, from statistics of each example as the tasks give them: for accuracy (correct,
// total), for F1 of label 1 (correct, predicted, gold).
inline double label_case(const std::string& rules, const nlohmann::json& request) {
  const auto gold = request.at("gold").get<std::vector<int>>();
  const auto predicted = request.at("predicted").get<std::vector<int>>();
  const bool f1 = rules == "f1";
  std::vector<double> sums(f1 ? 3 : 2, 0.0);
  for (std::size_t i = 0; i < gold.size(); ++i) {
    const bool correct = gold[i] == predicted[i];
    sums[0] += correct && (!f1 || gold[i] == 1) ? 1 : 0;
    sums[1] += !f1 || predicted[i] == 1 ? 1 : 0;
    if (f1) sums[2] += gold[i] == 1 ? 1 : 0;
  }
  const auto how = f1 ? MetricSpec::How::kF1 : MetricSpec::How::kRatio;
  return MetricSpec{rules, rules, how,
                    f1 ? std::vector<std::size_t>{0, 1, 2} : std::vector<std::size_t>{0, 1}}
      .evaluate(sums);
}

// {"rules": "chunks/xtreme-2020" or "chunks/seqeval-1", "tags": [..]} -> [[type, begin, end], ..]
// {"rules": "squad", "squad-v2" or "mlqa", "language": "en", "answer": "..", "gold": [..]}
//   -> [exact, f1]
// {"rules": "accuracy" or "f1", "gold": [0, ..], "predicted": [0, ..]} -> percent
inline nlohmann::json score_case(const nlohmann::json& request) {
  const auto rules = request.at("rules").get<std::string>();
  if (rules == "chunks/xtreme-2020") return chunks_case(request, sdk::ChunkProfile::kXtreme2020);
  if (rules == "chunks/seqeval-1") return chunks_case(request, sdk::ChunkProfile::kSeqeval1);
  if (rules == "accuracy" || rules == "f1") return label_case(rules, request);
  const auto found = answer_case(rules, request);
  return {found.exact, found.f1};
}

}  // namespace sojourn
