// The scores of tests/golden/metrics.json, which tests/metrics/compare_references.py took from the
// reference libraries. That script compares far more cases.
#include <sojourn/answers.h>
#include <sojourn/chunks.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/golden.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using nlohmann::json;

json chunks_as_seqeval_lists_them(const json& sentence, sdk::ChunkProfile profile) {
  const auto tags = sentence.get<std::vector<std::string>>();
  json list = json::array();
  for (const auto& chunk : sdk::chunks_of({tags.begin(), tags.end()}, profile))
    list.push_back({chunk.type, chunk.begin, chunk.end});
  return list;
}

json exact_and_f1(const json& test) {
  const auto rules = test.at("rules").get<std::string>();
  const auto answer = test.at("answer").get<std::string>();
  const auto gold = test.at("gold").get<std::vector<std::string>>();
  sdk::AnswerScore score;
  if (rules == "squad") {
    score = sdk::best_score(answer, gold, sdk::squad_words);
  } else if (rules == "squad-v2") {
    score = sdk::squad_v2_score(answer, gold);
  } else {
    REQUIRE(rules == "mlqa");
    const auto language = test.at("language").get<std::string>();
    score = sdk::best_score(answer, gold,
                            [&](std::string_view text) { return sdk::mlqa_words(text, language); });
  }
  return {score.exact, score.f1};
}

TEST_CASE("chunks and answers score as the reference libraries score them", "[sdk][golden]") {
  for (const json& test : read_golden("metrics")) {
    INFO(test);
    const auto rules = test.at("rules").get<std::string>();
    if (rules == "chunks/xtreme-2020") {
      CHECK(chunks_as_seqeval_lists_them(test.at("tags"), sdk::ChunkProfile::kXtreme2020) ==
            test.at("expected"));
    } else if (rules == "chunks/seqeval-1") {
      CHECK(chunks_as_seqeval_lists_them(test.at("tags"), sdk::ChunkProfile::kSeqeval1) ==
            test.at("expected"));
    } else {
      CHECK(exact_and_f1(test) == test.at("expected"));
    }
  }
}

TEST_CASE("a chunk counts once, and only where type and both ends are right", "[sdk]") {
  const auto counts =
      sdk::count_chunks({"B-PER", "I-PER", "O", "B-LOC", "B-ORG"},
                        {"B-PER", "I-PER", "O", "B-ORG", "I-ORG"}, sdk::ChunkProfile::kXtreme2020);
  CHECK(counts.correct == 1);
  CHECK(counts.predicted == 3);
  CHECK(counts.gold == 2);
}

}  // namespace
}  // namespace sojourn
