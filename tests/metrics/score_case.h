// One case of compare_references.py, scored by the SDK.
#pragma once

#include <sojourn/answers.h>
#include <sojourn/chunks.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

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

// {"rules": "chunks/xtreme-2020" or "chunks/seqeval-1", "tags": [..]} -> [[type, begin, end], ..]
// {"rules": "squad", "squad-v2" or "mlqa", "language": "en", "answer": "..", "gold": [..]}
//   -> [exact, f1]
inline nlohmann::json score_case(const nlohmann::json& request) {
  const auto rules = request.at("rules").get<std::string>();
  if (rules == "chunks/xtreme-2020") return chunks_case(request, sdk::ChunkProfile::kXtreme2020);
  if (rules == "chunks/seqeval-1") return chunks_case(request, sdk::ChunkProfile::kSeqeval1);
  const auto found = answer_case(rules, request);
  return {found.exact, found.f1};
}

}  // namespace sojourn
