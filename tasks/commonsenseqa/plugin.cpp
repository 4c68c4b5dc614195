// CommonsenseQA, English: everyday questions with five answers each. In the JSON lines of its own
// download (the random split).
#include <sojourn/json_lines.h>
#include <sojourn/multiple_choice.h>
#include <sojourn/plugin.h>
#include <sojourn/unique_ids.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Commonsenseqa {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "commonsenseqa";
    task.licence = "MIT";
    task.languages = {"en"};
    for (const char* split : {"train", "dev"})
      task.splits[split]["questions"] = {"commonsenseqa/{split}_rand_split.jsonl"};
    task.train_on = {"commonsenseqa"};
    task.labels = {"0", "1", "2", "3", "4"};
    return task;
  }

  static std::vector<sdk::Choice> read(const sdk::OpenCall& call) {
    const std::vector<std::string> letters = {"A", "B", "C", "D", "E"};
    std::vector<sdk::Choice> questions;
    sdk::UniqueIds ids("id");
    for (sdk::JsonLines rows(call, call.file("questions")); rows.next();) {
      sdk::Choice question;
      question.id = rows.string("id");
      ids.add(question.id, rows.line());
      question.prompt = rows.string_at("/question/stem");
      rows.expect_list("/question/choices", letters.size());
      for (std::size_t i = 0; i < letters.size(); ++i) {
        const std::string choice = "/question/choices/" + std::to_string(i);
        if (rows.string_at(choice + "/label") != letters[i])
          rows.line().fail("the choices aren't A to E in this order");
        question.choices.push_back(rows.string_at(choice + "/text"));
      }
      question.answer = sdk::index_of(rows.line(), letters, rows.string("answerKey"), "answerKey");
      questions.push_back(std::move(question));
    }
    return questions;
  }
};

}  // namespace

SOJOURN_PLUGIN("commonsenseqa", "0.1.0", "Apache-2.0", sojourn::sdk::MultipleChoice<Commonsenseqa>)
