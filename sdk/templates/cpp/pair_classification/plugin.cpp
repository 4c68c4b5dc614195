// @NAME@: one label on each pair of texts. Its files have a first text, a second one and a label a
// line, with tabs between them.
#include <sojourn/pair_classification.h>
#include <sojourn/plugin.h>
#include <sojourn/text_files.h>

#include <string>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Task {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "@NAME@";
    task.licence = "CC0-1.0";  // of the data
    task.languages = {"de", "en"};
    for (const char* split : {"train", "dev", "test"})
      task.splits[split]["pairs"] = {"@NAME@/{split}-{language}.tsv"};  // below a study's data.root
    task.train_on = {"@NAME@"};
    task.labels = {"answer", "other"};  // is the second text an answer to the first?
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    const auto labels = description().labels;
    std::vector<sdk::Pair> pairs;
    for (sdk::Lines line(call.file("pairs")); line.next();) {
      const auto cells = sdk::columns(line, 3);
      sdk::Pair pair;
      pair.id = std::to_string(line.number());  // equal in all languages: the rows are translations
      pair.first = cells[0];
      pair.second = cells[1];
      pair.label = sdk::index_of(line, labels, cells[2], "label");
      pairs.push_back(pair);
    }
    return pairs;
  }
};

}  // namespace

// Its id, its version, the licence of this code, its tasks.
SOJOURN_PLUGIN("@NAME@", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Task>)
