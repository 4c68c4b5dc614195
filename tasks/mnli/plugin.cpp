// MultiNLI, English: does the first sentence entail the second, contradict it, or neither? In the
// JSON lines of its own download.
#include <sojourn/json_lines.h>
#include <sojourn/pair_classification.h>
#include <sojourn/plugin.h>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

// Throws where an id comes a second time.
void check_new(std::unordered_map<std::string, std::size_t>& seen, const std::string& id,
               const sdk::Lines& line) {
  const auto [first, fresh] = seen.emplace(id, line.number());
  if (!fresh)
    line.fail("pairID '" + id + "' again, first on line " + std::to_string(first->second));
}

struct Mnli {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "mnli";
    task.licence = "OANC, CC BY 3.0 and CC BY-SA 3.0 by source";
    task.languages = {"en"};
    task.splits["train"]["pairs"] = {"mnli/multinli_1.0_train.jsonl"};
    task.splits["dev"]["pairs"] = {"mnli/multinli_1.0_dev_matched.jsonl"};
    task.train_on = {"mnli"};
    task.labels = {"entailment", "neutral", "contradiction"};
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    const auto labels = description().labels;
    std::vector<sdk::Pair> pairs;
    std::unordered_map<std::string, std::size_t> seen;
    std::size_t undecided = 0;
    sdk::JsonLines rows(call.file("pairs"));
    while (rows.next()) {
      const std::string label = rows.string("gold_label");
      if (label == "-") {  // its annotators didn't agree
        ++undecided;
        continue;
      }
      std::string id =
          rows.optional_string("pairID").value_or("line-" + std::to_string(rows.line().number()));
      check_new(seen, id, rows.line());
      pairs.push_back({std::move(id), rows.string("sentence1"), rows.string("sentence2"),
                       sdk::index_of(rows.line(), labels, label, "gold_label")});
    }
    if (undecided > 0)
      call.log(SOJOURN_LOG_INFO, std::to_string(undecided) + " pairs without a gold label skipped");
    if (pairs.empty()) rows.line().fail("no pair with a gold label in the file");
    return pairs;
  }
};

}  // namespace

SOJOURN_PLUGIN("mnli", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Mnli>)
