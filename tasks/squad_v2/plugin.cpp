// SQuAD 2.0, English: SQuAD's questions and half as many more that their paragraph doesn't answer.
// From which margin on "no answer" is predicted is tuned on dev.
#include <sojourn/plugin.h>
#include <sojourn/span_extraction.h>
#include <sojourn/squad_json.h>

#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct SquadV2 {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "squad_v2";
    task.licence = "CC BY-SA 4.0";
    task.languages = {"en"};
    for (const char* split : {"train", "dev"})
      task.splits[split]["questions"] = {"squad_v2/{split}-v2.0.json"};
    task.train_on = {"squad_v2"};
    return task;
  }

  static std::vector<sdk::Question> read(const sdk::OpenCall& call) {
    sdk::SquadJsonOptions options;
    options.no_answer = true;
    return sdk::read_squad_json(call, options);
  }
};

}  // namespace

SOJOURN_PLUGIN("squad_v2", "0.1.0", "Apache-2.0",
               sojourn::sdk::SpanExtraction<SquadV2, sojourn::sdk::SquadV2Rules>)
