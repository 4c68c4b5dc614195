// Tatoeba: for each English sentence its translation among up to a thousand foreign ones. LASER's
// files, which spell languages with three letters and are aligned, or XTREME's, whose English
// sentences are sorted.
#include <sojourn/plugin.h>
#include <sojourn/sentence_retrieval.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace {

namespace sdk = sojourn::sdk;

struct Tatoeba {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "tatoeba";
    task.licence = "CC BY 2.0 FR";
    task.codes = {
        {"af", "afr"}, {"ar", "ara"}, {"bg", "bul"}, {"bn", "ben"}, {"de", "deu"}, {"el", "ell"},
        {"es", "spa"}, {"et", "est"}, {"eu", "eus"}, {"fa", "pes"}, {"fi", "fin"}, {"fr", "fra"},
        {"he", "heb"}, {"hi", "hin"}, {"hu", "hun"}, {"id", "ind"}, {"it", "ita"}, {"ja", "jpn"},
        {"jv", "jav"}, {"ka", "kat"}, {"kk", "kaz"}, {"ko", "kor"}, {"ml", "mal"}, {"mr", "mar"},
        {"nl", "nld"}, {"pt", "por"}, {"ru", "rus"}, {"sw", "swh"}, {"ta", "tam"}, {"te", "tel"},
        {"th", "tha"}, {"tl", "tgl"}, {"tr", "tur"}, {"ur", "urd"}, {"vi", "vie"}, {"zh", "cmn"}};
    for (const auto& entry : task.codes) task.languages.push_back(entry.first);
    task.splits["test"]["foreign"] = {"tatoeba/tatoeba.{code}-eng.{code}",
                                      "tatoeba/{language}-en.{language}"};
    task.splits["test"]["english"] = {"tatoeba/tatoeba.{code}-eng.eng", "tatoeba/{language}-en.en"};
    task.labels_file = "tatoeba/test-{language}.tsv";
    return task;
  }

  static sdk::SentenceLists read(const sdk::OpenCall& call) {
    const sdk::File english = call.file("english");
    constexpr std::string_view kSorted = "-en.en";
    const std::string_view path = english.path;
    const std::size_t start = path.size() - std::min(path.size(), kSorted.size());
    const bool sorted = path.substr(start) == kSorted;
    return sdk::read_sentence_lists(call.file("foreign"), english, !sorted);
  }
};

}  // namespace

SOJOURN_PLUGIN("tatoeba", "0.1.0", "Apache-2.0", sojourn::sdk::SentenceRetrieval<Tatoeba>)
