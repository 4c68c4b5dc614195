// @NAME@: one label on each text. Its files have a text and a label a line, with a tab between
// them.
#include <sojourn/plugin.h>
#include <sojourn/sequence_classification.h>
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
      task.splits[split]["rows"] = {"@NAME@/{split}-{language}.tsv"};  // below a study's data.root
    task.train_on = {"@NAME@"};
    task.labels = {"statement", "question"};
    return task;
  }

  static std::vector<sdk::LabelledText> read(const sdk::OpenCall& call) {
    const auto labels = description().labels;
    std::vector<sdk::LabelledText> rows;
    for (sdk::Lines line(call.file("rows")); line.next();) {
      const auto cells = sdk::columns(line, 2);
      sdk::LabelledText row;
      row.id = std::to_string(line.number());  // equal in all languages: the rows are translations
      row.text = cells[0];
      row.label = sdk::index_of(line, labels, cells[1], "label");
      rows.push_back(row);
    }
    return rows;
  }
};

}  // namespace

// Its id, its version, the licence of this code, its tasks.
SOJOURN_PLUGIN("@NAME@", "0.1.0", "Apache-2.0", sojourn::sdk::SequenceClassification<Task>)
