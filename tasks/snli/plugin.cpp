// SNLI, English: inference between captions of pictures. In the JSON lines of its own download.
#include <sojourn/inference_pairs.h>
#include <sojourn/plugin.h>

#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Snli {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "snli";
    task.licence = "CC BY-SA 4.0";
    task.languages = {"en"};
    task.splits["train"]["pairs"] = {"snli/snli_1.0_train.jsonl", "snli/train.jsonl"};
    task.splits["dev"]["pairs"] = {"snli/snli_1.0_dev.jsonl", "snli/dev.jsonl"};
    task.splits["test"]["pairs"] = {"snli/snli_1.0_test.jsonl", "snli/test.jsonl"};
    task.train_on = {"snli"};
    task.labels = sdk::inference_labels();
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    return sdk::read_inference_pairs(call, call.file("pairs"));
  }
};

}  // namespace

SOJOURN_PLUGIN("snli", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Snli>)
