// XQuAD: 1,190 questions of SQuAD's dev set with their paragraphs, translated into ten languages;
// ids are equal across them. Scored with the head that SQuAD trained.
#include <sojourn/plugin.h>
#include <sojourn/span_extraction.h>
#include <sojourn/squad_json.h>

#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Xquad {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "xquad";
    task.licence = "CC BY-SA 4.0";
    task.languages = {"ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh"};
    task.splits["test"]["questions"] = {"xquad/xquad.{language}.json"};
    task.train_on = {"squad"};
    task.labels_file = "xquad/test-{language}.json";
    return task;
  }

  static std::vector<sdk::Question> read(const sdk::OpenCall& call) {
    return sdk::read_squad_json(call);
  }
};

}  // namespace

SOJOURN_PLUGIN("xquad", "0.1.0", "Apache-2.0",
               sojourn::sdk::SpanExtraction<Xquad, sojourn::sdk::SquadRules>)
