// SQuAD 1.1, English: questions on paragraphs of Wikipedia, each answered by a part of its
// paragraph.
#include <sojourn/plugin.h>
#include <sojourn/span_extraction.h>
#include <sojourn/squad_json.h>

#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Squad {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "squad";
    task.licence = "CC BY-SA 4.0";
    task.languages = {"en"};
    for (const char* split : {"train", "dev"})
      task.splits[split]["questions"] = {"squad/{split}-v1.1.json"};
    task.train_on = {"squad"};
    return task;
  }

  static std::vector<sdk::Question> read(const sdk::OpenCall& call) {
    return sdk::read_squad_json(call);
  }
};

}  // namespace

SOJOURN_PLUGIN("squad", "0.1.0", "Apache-2.0",
               sojourn::sdk::SpanExtraction<Squad, sojourn::sdk::SquadRules>)
