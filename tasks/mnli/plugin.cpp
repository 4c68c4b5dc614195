// MultiNLI, English: does the first sentence entail the second, contradict it, or neither? In the
// JSON lines of its own download, or the rows in which XTREME has it, with XNLI's English dev set.
#include <sojourn/inference_pairs.h>
#include <sojourn/plugin.h>

#include <string_view>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Mnli {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "mnli";
    task.licence = "OANC, CC BY 3.0 and CC BY-SA 3.0 by source";
    task.languages = {"en"};
    task.splits["train"]["pairs"] = {"mnli/multinli_1.0_train.jsonl", "xnli/train-en.tsv"};
    task.splits["dev"]["pairs"] = {"mnli/multinli_1.0_dev_matched.jsonl", "xnli/dev-en.tsv"};
    task.train_on = {"mnli"};
    task.labels = sdk::inference_labels();
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    const sdk::File file = call.file("pairs");
    const std::string_view path = file.path;
    const bool rows = path.size() > 4 && path.substr(path.size() - 4) == ".tsv";
    return rows ? sdk::read_pair_rows(call, file, sdk::inference_labels())
                : sdk::read_inference_pairs(call, file);
  }
};

}  // namespace

SOJOURN_PLUGIN("mnli", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Mnli>)
