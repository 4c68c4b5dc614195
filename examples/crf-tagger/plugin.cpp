// Which words of a sentence name a person or a place.
#include <sojourn/plugin.h>
#include <sojourn/tagged_words.h>

#include <vector>

#include "crf.h"

namespace {

struct Names {
  static sojourn::sdk::Description description() {
    sojourn::sdk::Description task;
    task.name = "names-crf";
    task.licence = "CC0-1.0";
    task.languages = {"en", "de"};
    task.splits["train"]["sentences"] = {"names/train-{language}.tsv"};
    task.splits["test"]["sentences"] = {"names/test-{language}.tsv"};
    task.train_on = {"names-crf"};
    task.labels = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};
    return task;
  }

  static std::vector<sojourn::sdk::TaggedSentence> read(const sojourn::sdk::OpenCall& call) {
    return sojourn::sdk::TaggedWordsReader(call.file("sentences"), description().labels,
                                           call.split())
        .read();
  }
};

}  // namespace

SOJOURN_PLUGIN("names-crf", "1.0.0", "Apache-2.0", crf::CrfTagging<Names>)
