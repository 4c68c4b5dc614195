// PAWS-X: is one sentence a paraphrase of the other, where both use the same words? In seven
// languages, translations of each other. XTREME's files (sentence1, sentence2, label, of
// which its test files lack the last) or the original ones (a header, and an id in front).
#include <sojourn/pair_classification.h>
#include <sojourn/plugin.h>
#include <sojourn/text_files.h>
#include <sojourn/unique_ids.h>

#include <string>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Pawsx {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "pawsx";
    task.licence = "free use, with acknowledgement of Google";
    task.languages = {"de", "en", "es", "fr", "ja", "ko", "zh"};
    task.splits["train"]["pairs"] = {"pawsx/train-{language}.tsv",
                                     "pawsx/x-final/{language}/train.tsv"};
    for (const std::string split : {"dev", "test"}) {
      task.splits[split]["pairs"] = {"pawsx/{split}-{language}.tsv",
                                     "pawsx/x-final/{language}/{split}_2k.tsv"};
    }
    task.train_on = {"pawsx"};
    task.labels = {"0", "1"};  // 1: paraphrases
    task.labels_file = "pawsx/test-{language}.tsv";
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    constexpr const char* kHeader = "id\tsentence1\tsentence2\tlabel";
    const auto labels = description().labels;
    std::vector<sdk::Pair> pairs;
    sdk::UniqueIds ids("id");
    bool original = false;
    bool labelled = true;
    for (sdk::Lines line(call.file("pairs")); line.next();) {
      if (line.number() == 1 && line.text() == kHeader) {
        original = true;
        continue;
      }
      if (pairs.empty() && !original) labelled = sdk::has_label(call, line, 3);
      auto cells = sdk::columns(line, original ? 4 : labelled ? 3 : 2);
      std::string id = std::to_string(line.number());
      if (original) {
        id = cells.front();
        cells.erase(cells.begin());
        ids.add(id, line);
      }
      pairs.push_back({id, std::string(cells[0]), std::string(cells[1]), {}});
      if (labelled) pairs.back().label = sdk::index_of(line, labels, cells[2], "label");
    }
    return pairs;
  }
};

}  // namespace

SOJOURN_PLUGIN("pawsx", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Pawsx>)
