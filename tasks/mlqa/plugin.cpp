// MLQA: questions on paragraphs of Wikipedia in seven languages, partly parallel, with equal ids;
// here those whose question is in the language of its paragraph. Scored with the head that SQuAD
// trained, by MLQA's own rules for each language.
#include <sojourn/plugin.h>
#include <sojourn/span_extraction.h>
#include <sojourn/squad_json.h>

#include <string>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Mlqa {
  static sdk::Description description() {
    const std::string file = "{split}/{split}-context-{language}-question-{language}.json";
    sdk::Description task;
    task.name = "mlqa";
    task.licence = "CC BY-SA 3.0";
    task.languages = {"ar", "de", "en", "es", "hi", "vi", "zh"};
    for (const char* split : {"dev", "test"})  // XTREME's folder, the original one
      task.splits[split]["questions"] = {"mlqa/" + file, "mlqa/MLQA_V1/" + file, "MLQA_V1/" + file};
    task.train_on = {"squad"};
    task.labels_file = "mlqa/test-{language}.json";
    return task;
  }

  static std::vector<sdk::Question> read(const sdk::OpenCall& call) {
    return sdk::read_squad_json(call);
  }
};

}  // namespace

SOJOURN_PLUGIN("mlqa", "0.1.0", "Apache-2.0",
               sojourn::sdk::SpanExtraction<Mlqa, sojourn::sdk::MlqaRules>)
