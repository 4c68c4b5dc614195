// Word pairs of a language and English, to train on and to measure with: a foreign word and an
// English one a line, or the dictionaries of MUSE by their own names.
#include <sojourn/plugin.h>
#include <sojourn/word_alignment.h>

namespace {

namespace sdk = sojourn::sdk;

struct Lexalign {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "lexalign";
    task.licence = "that of the word list";
    task.languages = {"af", "am", "ar", "az", "bg", "bn", "cs", "da", "de", "el", "es",
                      "et", "eu", "fa", "fi", "fr", "ha", "he", "hi", "hr", "hu", "id",
                      "ig", "it", "ja", "jv", "ka", "kk", "ko", "ml", "mr", "ms", "my",
                      "nl", "pl", "pt", "ro", "ru", "so", "sv", "sw", "ta", "te", "th",
                      "tl", "tr", "uk", "ur", "vi", "xh", "yo", "zh", "zu"};
    task.splits["train"]["pairs"] = {"lexicon/train-{language}.tsv",
                                     "lexicon/{language}-en.0-5000.txt"};
    task.splits["test"]["pairs"] = {"lexicon/test-{language}.tsv",
                                    "lexicon/{language}-en.5000-6500.txt"};
    return task;
  }

  static sdk::Lexicon read(const sdk::OpenCall& call) {
    return sdk::read_lexicon(call.file("pairs"));
  }
};

}  // namespace

SOJOURN_PLUGIN("lexalign", "0.1.0", "Apache-2.0", sojourn::sdk::WordAlignment<Lexalign>)
