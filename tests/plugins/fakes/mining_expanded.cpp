// Bitext mining that expands sentences with several ids, which no bundled task does.
#include <sojourn/bitext_mining.h>
#include <sojourn/plugin.h>

namespace {

namespace sdk = sojourn::sdk;

struct Expanded {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "mining_expanded";
    task.licence = "none";
    task.languages = {"de"};
    task.splits["dev"] = {{"foreign", {"foreign"}}, {"english", {"english"}}, {"gold", {"gold"}}};
    task.optional_files = {"gold"};
    return task;
  }
};

using Family = sdk::BitextMining<Expanded, sdk::Duplicates::kExpand>;

}  // namespace

SOJOURN_PLUGIN("mining_expanded", "0.1.0", "Apache-2.0", Family)
