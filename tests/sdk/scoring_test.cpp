// The scores of tests/golden/metrics.json, which tests/metrics/compare_references.py took from the
// reference libraries. That script compares far more cases.
#include <sojourn/chunks.h>

#include "tests/metrics/score_case.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using nlohmann::json;

TEST_CASE("chunks, answers and labels score as the reference libraries score them",
          "[sdk][golden]") {
  for (const json& test : read_golden("metrics")) {
    INFO(test);
    const json& expected = test.at("expected");
    if (expected.is_number()) {  // in percent: the reference divides before it multiplies by 100
      CHECK(score_case(test).get<double>() == Approx(expected.get<double>()).epsilon(1e-15));
    } else {
      CHECK(score_case(test) == expected);
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
