// ANLI+, English: SNLI, MultiNLI and the three rounds of Adversarial NLI as one data set, which is
// how the study of intermediate tasks trains it. Parts that aren't there are left out.
#include <sojourn/inference_pairs.h>
#include <sojourn/plugin.h>
#include <sojourn/unique_ids.h>

#include <string>
#include <utility>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

// A round of ANLI: keys uid, context, hypothesis and label, which is a letter.
void append_round(const sdk::OpenCall& call, const sdk::File& file, const std::string& part,
                  std::vector<sdk::Pair>& pairs) {
  const std::vector<std::string> letters = {"e", "n", "c"};  // in the order of the labels
  sdk::UniqueIds ids("uid");
  sdk::JsonLines rows(call, file);
  while (rows.next()) {
    const std::string uid = rows.string("uid");
    ids.add(uid, rows.line());
    pairs.push_back({part + "/" + uid, rows.string("context"), rows.string("hypothesis"),
                     sdk::index_of(rows.line(), letters, rows.string("label"), "label")});
  }
}

struct Anli {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "anli";
    task.licence = "ANLI CC BY-NC 4.0; SNLI CC BY-SA 4.0; MNLI by genre";
    task.languages = {"en"};
    task.splits["train"] = {{"snli", {"snli/snli_1.0_train.jsonl", "snli/train.jsonl"}},
                            {"mnli", {"mnli/multinli_1.0_train.jsonl"}}};
    for (const char* split : {"train", "dev", "test"}) {
      for (const char* round : {"R1", "R2", "R3"}) {
        const std::string folder = std::string("anli/") + round;
        const std::string original = std::string("anli_v1.0/") + round;
        task.splits[split][round] = {folder + "/{split}.jsonl", original + "/{split}.jsonl"};
      }
    }
    task.optional_files = {"snli", "mnli", "R1", "R2", "R3"};
    task.train_on = {"anli"};
    task.labels = sdk::inference_labels();
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    std::vector<sdk::Pair> pairs;
    if (call.split() == "train") {
      for (const char* part : {"snli", "mnli"}) append_pairs(call, part, pairs);
    }
    for (const char* round : {"R1", "R2", "R3"}) {
      if (const auto file = call.optional_file(round)) append_round(call, *file, round, pairs);
    }
    return pairs;
  }

 private:
  static void append_pairs(const sdk::OpenCall& call, const std::string& part,
                           std::vector<sdk::Pair>& pairs) {
    const auto file = call.optional_file(part.c_str());
    if (!file) return;
    for (auto& pair : sdk::read_inference_pairs(call, *file)) {
      pair.id = part + "/" + pair.id;
      pairs.push_back(std::move(pair));
    }
  }
};

}  // namespace

SOJOURN_PLUGIN("anli", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Anli>)
