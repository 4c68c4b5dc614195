// Cosmos QA, English: questions about what a story leaves unsaid, four answers each. In the CSV
// files of its own download.
#include <sojourn/csv_rows.h>
#include <sojourn/multiple_choice.h>
#include <sojourn/plugin.h>

#include <string>
#include <utility>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Cosmosqa {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "cosmosqa";
    task.licence = "CC BY 4.0";
    task.languages = {"en"};
    task.splits["train"]["questions"] = {"cosmosqa/train.csv"};
    task.splits["dev"]["questions"] = {"cosmosqa/valid.csv"};
    task.train_on = {"cosmosqa"};
    task.labels = {"0", "1", "2", "3"};
    return task;
  }

  static std::vector<sdk::Choice> read(const sdk::OpenCall& call) {
    const auto labels = description().labels;
    std::vector<sdk::Choice> questions;
    for (sdk::CsvRows rows(call.file("questions")); rows.next();) {
      sdk::Choice question;
      question.id = std::to_string(questions.size() + 1);
      question.prompt = rows.cell("context") + " " + rows.cell("question");
      for (const auto& label : labels) question.choices.push_back(rows.cell("answer" + label));
      question.answer = rows.index_of(labels, "label");
      questions.push_back(std::move(question));
    }
    return questions;
  }
};

}  // namespace

SOJOURN_PLUGIN("cosmosqa", "0.1.0", "Apache-2.0", sojourn::sdk::MultipleChoice<Cosmosqa>)
