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
    const sdk::File file = call.file("pairs");
    sdk::Lines line(file);
    if (!line.next() || line.text() != kHeader) return sdk::read_pair_rows(call, file, labels);
    std::vector<sdk::Pair> pairs;
    sdk::UniqueIds ids("id");
    while (line.next()) {
      const auto cells = sdk::columns(line, 4);
      ids.add(std::string(cells[0]), line);
      pairs.push_back({std::string(cells[0]), std::string(cells[1]), std::string(cells[2]),
                       sdk::index_of(line, labels, cells[3], "label")});
    }
    return pairs;
  }
};

}  // namespace

SOJOURN_PLUGIN("pawsx", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Pawsx>)
