// @NAME@: the part of a text that answers a question. Its files have a question, a text and the
// answer, which is in the text, a line, with tabs between them. (sojourn/squad_json.h reads SQuAD's
// JSON instead.)
#include <sojourn/plugin.h>
#include <sojourn/span_extraction.h>
#include <sojourn/text_files.h>

#include <cstddef>
#include <memory>
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

  static std::vector<sdk::Question> read(const sdk::OpenCall& call) {
    std::vector<sdk::Question> questions;
    for (sdk::Lines line(call.file("rows")); line.next();) {
      const auto cells = sdk::columns(line, 3);
      const std::string answer(cells[2]);
      const std::size_t at = cells[1].find(answer);
      if (answer.empty() || at == std::string::npos) line.fail("the answer isn't in the text");
      sdk::Question question;
      question.id = std::to_string(line.number());  // equal in all languages: translations
      question.document = question.id;
      question.text = cells[0];
      question.context = std::make_shared<const std::string>(cells[1]);
      question.gold = {answer};
      question.answer = sdk::ByteRange{at, at + answer.size()};
      questions.push_back(question);
    }
    return questions;
  }
};

}  // namespace

// Its id, its version, the licence of this code, its tasks. The rules are those by which an answer
// is compared with the gold one.
SOJOURN_PLUGIN("@NAME@", "0.1.0", "Apache-2.0",
               sojourn::sdk::SpanExtraction<Task, sojourn::sdk::SquadRules>)
