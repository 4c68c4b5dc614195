// BUCC 2018: which of some ten thousand foreign and English sentences are translations of each
// other? "id TAB sentence" lines and, for dev, pairs of ids; the names of XTREME's download.
#include <sojourn/bitext_mining.h>
#include <sojourn/plugin.h>

namespace {

namespace sdk = sojourn::sdk;

struct Bucc2018 {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "bucc2018";
    task.licence = "research only, as the BUCC 2018 shared task states it";
    task.languages = {"de", "fr", "ru", "zh"};
    for (const char* split : {"dev", "test"}) {
      for (const auto& [file, suffix] :
           {std::pair("foreign", "{language}"), {"english", "en"}, {"gold", "gold"}}) {
        const std::string name = std::string("{language}-en.{split}.") + suffix;
        task.splits[split][file] = {"bucc2018/" + name, "bucc2018/{language}-en/" + name};
      }
    }
    task.optional_files = {"gold"};
    task.labels_file = "bucc2018/test-{language}.tsv";
    return task;
  }
};

}  // namespace

SOJOURN_PLUGIN("bucc2018", "0.1.0", "Apache-2.0", sojourn::sdk::BitextMining<Bucc2018>)
