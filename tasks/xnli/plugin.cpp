// XNLI: test sets in 15 languages, translations of each other row by row, scored with the head that
// MultiNLI trained. Three columns without a header: premise, hypothesis, label; XTREME's own files
// lack the last.
#include <sojourn/pair_classification.h>
#include <sojourn/plugin.h>
#include <sojourn/text_files.h>

#include <string>
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
    task.splits["test"]["pairs"] = {"xnli/test-{language}.tsv"};
    task.train_on = {"mnli"};
    task.labels = {"entailment", "neutral", "contradiction"};
    task.labels_file = "xnli/test-{language}.tsv";
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    const auto labels = description().labels;
    std::vector<sdk::Pair> pairs;
    bool labelled = true;
    for (sdk::Lines line(call.file("pairs")); line.next();) {
      if (line.number() == 1) labelled = sdk::has_label(call, line, 3);
      const auto cells = sdk::columns(line, labelled ? 3 : 2);
      pairs.push_back(
          {std::to_string(line.number()), std::string(cells[0]), std::string(cells[1]), {}});
      if (labelled) pairs.back().label = sdk::index_of(line, labels, cells[2], "label");
    }
    return pairs;
  }
};

}  // namespace

SOJOURN_PLUGIN("xnli", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Xnli>)
