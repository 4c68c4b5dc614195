// TyDiQA, gold passages: questions that speakers of nine languages asked, with the passage that
// answers them. Trained on the English part of the train set alone; test is the dev set of the data
// itself, as in XTREME. XTREME's files by language, or the original ones.
#include <sojourn/plugin.h>
#include <sojourn/span_extraction.h>
#include <sojourn/squad_json.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Tydiqa {
  static sdk::Description description() {
    const std::string folder = "tydiqa/tydiqa-goldp-v1.1-";
    sdk::Description task;
    task.name = "tydiqa";
    task.licence = "Apache-2.0";
    task.codes = {{"ar", "arabic"},  {"bn", "bengali"},    {"en", "english"},
                  {"fi", "finnish"}, {"id", "indonesian"}, {"ko", "korean"},
                  {"ru", "russian"}, {"sw", "swahili"},    {"te", "telugu"}};
    for (const auto& [language, code] : task.codes) task.languages.push_back(language);
    task.splits["train"]["questions"] = {folder + "train/tydiqa.goldp.{language}.train.json",
                                         folder + "train.json"};
    task.splits["test"]["questions"] = {folder + "dev/tydiqa.goldp.{language}.dev.json",
                                        folder + "dev/tydiqa-goldp-dev-{code}.json",
                                        folder + "dev.json"};
    task.train_on = {"tydiqa"};
    task.labels_file = "tydiqa/test-{language}.json";
    return task;
  }

  static std::vector<sdk::Question> read(const sdk::OpenCall& call) {
    sdk::SquadJsonOptions options;
    options.repeated_ids = call.split() == "train";  // XTREME keeps only the end of their ids
    auto questions = sdk::read_squad_json(call, options);
    leave_out_other_languages(call, questions);
    return questions;
  }

 private:
  // The original files hold all languages, which their ids begin with: "swahili-...". To train on
  // those of the test languages would be no transfer.
  static void leave_out_other_languages(const sdk::OpenCall& call,
                                        std::vector<sdk::Question>& questions) {
    const auto codes = description().codes;
    const auto other = [&](const sdk::Question& question) {
      return std::any_of(codes.begin(), codes.end(), [&](const auto& entry) {
        const auto& [language, code] = entry;
        return language != call.language() && question.id.rfind(code + "-", 0) == 0;
      });
    };
    const auto kept = std::remove_if(questions.begin(), questions.end(), other);
    const auto left_out = questions.end() - kept;
    if (left_out == 0) return;
    const std::string counts =
        std::to_string(left_out) + " of " + std::to_string(questions.size()) +
        " questions left out, of other languages than " + std::string(call.language());
    questions.erase(kept, questions.end());
    call.log(SOJOURN_LOG_INFO, counts);
  }
};

}  // namespace

SOJOURN_PLUGIN("tydiqa", "0.1.0", "Apache-2.0",
               sojourn::sdk::SpanExtraction<Tydiqa, sojourn::sdk::SquadRules>)
