// PAN-X (WikiANN): names of persons, places and organisations in 40 languages, a word and its BIO
// tag a line. XTREME's files, or the original ones, which put "<language>:" before every word.
#include <sojourn/plugin.h>
#include <sojourn/tagged_words.h>
#include <sojourn/token_tagging.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

template <class Action>
void for_each_word(std::vector<sdk::TaggedSentence>& sentences, const Action& action) {
  for (auto& sentence : sentences) {
    for (auto& word : sentence.words) action(word);
  }
}

struct Panx {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "panx";
    task.licence = "none stated; text of Wikipedia, CC BY-SA 3.0";
    task.languages = {"af", "ar", "bg", "bn", "de", "el", "en", "es", "et", "eu",
                      "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "jv",
                      "ka", "kk", "ko", "ml", "mr", "ms", "my", "nl", "pt", "ru",
                      "sw", "ta", "te", "th", "tl", "tr", "ur", "vi", "yo", "zh"};
    for (const char* split : {"train", "dev", "test"}) {
      task.splits[split]["sentences"] = {"panx/{split}-{language}.tsv", "panx/{language}/{split}"};
    }
    task.train_on = {"panx"};
    task.labels = {"O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"};
    task.labels_file = "panx/test-{language}.tsv";
    return task;
  }

  static std::vector<sdk::TaggedSentence> read(const sdk::OpenCall& call) {
    auto sentences =
        sdk::TaggedWordsReader(call.file("sentences"), description().labels, call.split()).read();
    const std::string prefix = std::string(call.language()) + ":";
    bool prefixed = true;
    for_each_word(sentences, [&](std::string_view word) {
      prefixed = prefixed && word.substr(0, prefix.size()) == prefix;
    });
    if (prefixed)
      for_each_word(sentences, [&](std::string_view& word) { word.remove_prefix(prefix.size()); });
    return sentences;
  }
};

}  // namespace

SOJOURN_PLUGIN("panx", "0.1.0", "Apache-2.0", sojourn::sdk::ChunkTagging<Panx>)
