// MultiNLI, English: does the first sentence entail the second, contradict it, or neither? In the
// JSON lines of its own download.
#include <sojourn/inference_pairs.h>
#include <sojourn/plugin.h>

#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Mnli {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "mnli";
    task.licence = "OANC, CC BY 3.0 and CC BY-SA 3.0 by source";
    task.languages = {"en"};
    task.splits["train"]["pairs"] = {"mnli/multinli_1.0_train.jsonl"};
    task.splits["dev"]["pairs"] = {"mnli/multinli_1.0_dev_matched.jsonl"};
    task.train_on = {"mnli"};
    task.labels = sdk::inference_labels();
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    return sdk::read_inference_pairs(call, call.file("pairs"));
  }
};

}  // namespace

SOJOURN_PLUGIN("mnli", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Mnli>)
