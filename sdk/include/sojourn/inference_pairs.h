// Premise, hypothesis and what follows: the JSON lines in which SNLI and MultiNLI are published,
// and XTREME's rows of MultiNLI and XNLI.
#pragma once

#include <sojourn/json_lines.h>
#include <sojourn/pair_classification.h>
#include <sojourn/unique_ids.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

inline const std::vector<std::string>& inference_labels() {
  static const std::vector<std::string> labels = {"entailment", "neutral", "contradiction"};
  return labels;
}

// Keys sentence1, sentence2, gold_label and, where there is one, pairID. Pairs whose annotators
// didn't agree (gold_label "-") are left out, and counted in the log. Throws DataError.
inline std::vector<Pair> read_inference_pairs(const OpenCall& call, const File& file) {
  std::vector<Pair> pairs;
  UniqueIds ids("pairID");
  std::size_t undecided = 0;
  JsonLines rows(call, file);
  while (rows.next()) {
    const std::string label = rows.string("gold_label");
    if (label == "-") {
      ++undecided;
      continue;
    }
    std::string id =
        rows.optional_string("pairID").value_or("line-" + std::to_string(rows.line().number()));
    ids.add(id, rows.line());
    pairs.push_back({std::move(id), rows.string("sentence1"), rows.string("sentence2"),
                     index_of(rows.line(), inference_labels(), label, "gold_label")});
  }
  if (undecided > 0)
    call.log(SOJOURN_LOG_INFO, std::to_string(undecided) + " pairs without a gold label skipped");
  if (pairs.empty()) rows.line().fail("no pair with a gold label in the file");
  return pairs;
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
