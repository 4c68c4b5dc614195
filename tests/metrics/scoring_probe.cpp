// Scores what compare_references.py makes up. One JSON object a line on standard input:
//   {"rules": "chunks/xtreme-2020" or "chunks/seqeval-1", "tags": [..]}  -> [[type, begin, end],
//   ..]
//   {"rules": "squad", "squad-v2" or "mlqa", "language": "en", "answer": "..", "gold": [..]}
//     -> [exact, f1]
#include <sojourn/answers.h>
#include <sojourn/chunks.h>

#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace {

namespace sdk = sojourn::sdk;
using nlohmann::json;

json chunks(const json& request, sdk::ChunkProfile profile) {
  const auto words = request.at("tags").get<std::vector<std::string>>();
  json list = json::array();
  for (const auto& chunk : sdk::chunks_of({words.begin(), words.end()}, profile))
    list.push_back({chunk.type, chunk.begin, chunk.end});
  return list;
}

sdk::AnswerScore score(const std::string& rules, const json& request) {
  const auto answer = request.at("answer").get<std::string>();
  const auto gold = request.at("gold").get<std::vector<std::string>>();
  if (rules == "squad") return sdk::best_score(answer, gold, sdk::squad_words);
  if (rules == "squad-v2") return sdk::squad_v2_score(answer, gold);
  const auto language = request.at("language").get<std::string>();
  return sdk::best_score(answer, gold,
                         [&](std::string_view text) { return sdk::mlqa_words(text, language); });
}

json reply(const json& request) {
  const auto rules = request.at("rules").get<std::string>();
  if (rules == "chunks/xtreme-2020") return chunks(request, sdk::ChunkProfile::kXtreme2020);
  if (rules == "chunks/seqeval-1") return chunks(request, sdk::ChunkProfile::kSeqeval1);
  const auto found = score(rules, request);
  return {found.exact, found.f1};
}

}  // namespace

int main() {
  try {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << reply(json::parse(line)).dump() << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
