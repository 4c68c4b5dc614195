// @NAME@: a number on each text, such as how loud it is. Its files have a text and a number a line,
// with a tab between them.
#include <sojourn/numbers.h>
#include <sojourn/plugin.h>
#include <sojourn/sequence_regression.h>
#include <sojourn/text_files.h>

#include <cmath>
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
    return task;
  }

  static std::vector<sdk::RatedText> read(const sdk::OpenCall& call) {
    std::vector<sdk::RatedText> rows;
    for (sdk::Lines line(call.file("rows")); line.next();) {
      const auto cells = sdk::columns(line, 2);
      const auto number = sdk::number_of(cells[1]);
      if (!number || !std::isfinite(static_cast<float>(*number)))
        line.fail("'" + std::string(cells[1]) + "', expected a finite number");
      sdk::RatedText row;
      row.id = std::to_string(line.number());  // equal in all languages: the rows are translations
      row.first = cells[0];
      row.rating = static_cast<float>(*number);
      rows.push_back(row);
    }
    return rows;
  }
};

}  // namespace

// Its id, its version, the licence of this code, its tasks.
SOJOURN_PLUGIN("@NAME@", "0.1.0", "Apache-2.0", sojourn::sdk::SequenceRegression<Task>)
