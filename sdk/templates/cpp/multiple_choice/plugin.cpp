// @NAME@: which of three texts goes on after a first one. Its files have the first text, the three
// and the number of the right one, from 0, a line, with tabs between them.
#include <sojourn/multiple_choice.h>
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
      task.splits[split]["rows"] = {"@NAME@/{split}-{language}.tsv"};  // below a study's data.root
    task.train_on = {"@NAME@"};
    task.labels = {"0", "1", "2"};  // the numbers of the choices
    return task;
  }

  static std::vector<sdk::Choice> read(const sdk::OpenCall& call) {
    const auto labels = description().labels;
    std::vector<sdk::Choice> rows;
    for (sdk::Lines line(call.file("rows")); line.next();) {
      const auto cells = sdk::columns(line, labels.size() + 2);
      sdk::Choice row;
      row.id = std::to_string(line.number());  // equal in all languages: the rows are translations
      row.prompt = cells.front();
      row.choices.assign(cells.begin() + 1, cells.end() - 1);
      row.answer = sdk::index_of(line, labels, cells.back(), "answer");
      rows.push_back(row);
    }
    return rows;
  }
};

}  // namespace

// Its id, its version, the licence of this code, its tasks.
SOJOURN_PLUGIN("@NAME@", "0.1.0", "Apache-2.0", sojourn::sdk::MultipleChoice<Task>)
