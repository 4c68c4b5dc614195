// Part-of-speech tagging on Universal Dependencies: the universal tag of each word, from the files
// of the XTREME download or from treebanks as they are published.
#include <sojourn/plugin.h>
#include <sojourn/tagged_words.h>
#include <sojourn/token_tagging.h>

#include <string>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Udpos {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "udpos";
    task.licence = "by treebank, some non-commercial";
    task.languages = {"af", "ar", "bg", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr",
                      "he", "hi", "hu", "id", "it", "ja", "kk", "ko", "mr", "nl", "pt", "ru",
                      "sw", "ta", "te", "th", "tl", "tr", "ur", "vi", "yo", "zh"};
    for (const char* split : {"train", "dev", "test"}) {
      task.splits[split]["sentences"] = {"udpos/{split}-{language}.tsv",
                                         "udpos/*/{language}_*-ud-{split}.conllu"};
    }
    task.train_on = {"udpos"};
    task.labels = {"ADJ",  "ADP",  "ADV",   "AUX",   "CCONJ", "DET", "INTJ", "NOUN", "NUM",
                   "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"};
    task.labels_file = "udpos/test-{language}.tsv";
    return task;
  }

  static std::vector<sdk::TaggedSentence> read(const sdk::OpenCall& call) {
    return sdk::TaggedWordsReader(call.file("sentences"), description().labels, call.split())
        .read();
  }
};

}  // namespace

SOJOURN_PLUGIN("udpos", "0.1.0", "Apache-2.0", sojourn::sdk::ChunkTagging<Udpos>)
