// @NAME@: for each English sentence its translation among all foreign ones, by the encoder's own
// vectors; nothing is trained. Line i of one file translates line i of the other.
#include <sojourn/plugin.h>
#include <sojourn/sentence_retrieval.h>

namespace {

namespace sdk = sojourn::sdk;

struct Task {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "@NAME@";
    task.licence = "CC0-1.0";  // of the data
    task.languages = {"de"};
    task.splits["test"]["foreign"] = {"@NAME@/{language}-en.{language}"};  // below data.root
    task.splits["test"]["english"] = {"@NAME@/{language}-en.en"};
    return task;
  }

  static sdk::SentenceLists read(const sdk::OpenCall& call) {
    return sdk::read_sentence_lists(call.file("foreign"), call.file("english"));
  }
};

}  // namespace

// Its id, its version, the licence of this code, its tasks.
SOJOURN_PLUGIN("@NAME@", "0.1.0", "Apache-2.0", sojourn::sdk::SentenceRetrieval<Task>)
