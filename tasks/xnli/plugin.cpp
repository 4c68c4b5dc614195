// XNLI: dev and test sets in 15 languages, translations of each other row by row, scored with the
// head that MultiNLI trained. Three columns without a header: premise, hypothesis, label; XTREME's
// own test files lack the last.
#include <sojourn/inference_pairs.h>
#include <sojourn/plugin.h>

#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Xnli {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "xnli";
    task.licence = "CC BY-NC 4.0";
    task.languages = {"ar", "bg", "de", "el", "en", "es", "fr", "hi",
                      "ru", "sw", "th", "tr", "ur", "vi", "zh"};
    task.splits["dev"]["pairs"] = {"xnli/dev-{language}.tsv"};
    task.splits["test"]["pairs"] = {"xnli/test-{language}.tsv"};
    task.train_on = {"mnli"};
    task.labels = sdk::inference_labels();
    task.labels_file = "xnli/test-{language}.tsv";
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    return sdk::read_pair_rows(call, call.file("pairs"), sdk::inference_labels());
  }
};

}  // namespace

SOJOURN_PLUGIN("xnli", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Xnli>)
