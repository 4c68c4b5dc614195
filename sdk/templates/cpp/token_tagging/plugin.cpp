// @NAME@: a tag on each word. Its files have a word and its tag a line, with a tab between them,
// and an empty line after each sentence, or are CoNLL-U; a test file may have words alone.
#include <sojourn/plugin.h>
#include <sojourn/tagged_words.h>
#include <sojourn/token_tagging.h>

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
      task.splits[split]["words"] = {"@NAME@/{split}-{language}.tsv"};  // below a study's data.root
    task.train_on = {"@NAME@"};
    task.labels = {"noun", "verb", "other"};
    return task;
  }

  static std::vector<sdk::TaggedSentence> read(const sdk::OpenCall& call) {
    return sdk::TaggedWordsReader(call.file("words"), description().labels, call.split()).read();
  }
};

}  // namespace

// Its id, its version, the licence of this code, its tasks. ChunkTagging instead of TokenTagging
// also scores runs of words, as in names of two.
SOJOURN_PLUGIN("@NAME@", "0.1.0", "Apache-2.0", sojourn::sdk::TokenTagging<Task>)
