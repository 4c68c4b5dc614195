// CCG supertagging: the category of each word, "word TAB category" a line. The categories are those
// of the train file; one that only other files have can't be predicted and counts as wrong there.
#include <sojourn/plugin.h>
#include <sojourn/tagged_words.h>
#include <sojourn/token_tagging.h>

#include <set>
#include <string>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Ccg {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "ccg";
    task.licence = "of the treebank: CCGbank's is the LDC's, the Parallel Meaning Bank's is open";
    task.languages = {"en", "de", "it", "nl"};  // the Parallel Meaning Bank's; CCGbank has en
    for (const char* split : {"train", "dev", "test"})
      task.splits[split]["sentences"] = {"ccg/{split}-{language}.tsv"};
    task.train_on = {"ccg"};
    return task;
  }

  static std::vector<sdk::TaggedSentence> read(const sdk::OpenCall& call) {
    return sdk::TaggedWordsReader(call.file("sentences"), {}, call.split()).read();
  }

  static std::vector<std::string> labels(const sdk::FilesCall& call) {
    std::set<std::string> categories;
    for (const auto& sentence : sdk::TaggedWordsReader(call.file("sentences"), {}, "train").read())
      categories.insert(sentence.tags.begin(), sentence.tags.end());
    return {categories.begin(), categories.end()};
  }
};

}  // namespace

SOJOURN_PLUGIN("ccg", "0.1.0", "Apache-2.0", sojourn::sdk::OpenTagging<Ccg>)
