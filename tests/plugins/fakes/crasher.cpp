// A task like any other, but for what the environment variable CRASHER says happens in the third
// training step: "crash", "hang" or "throw".
#include <sojourn/pair_classification.h>
#include <sojourn/plugin.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

namespace sdk = sojourn::sdk;

class CrashingHead : public sdk::FirstTokenHead {
 public:
  using FirstTokenHead::FirstTokenHead;

  sdk::Tensor loss(const sdk::StepCall& call, const sdk::Inputs& inputs,
                   const std::vector<sdk::Tensor>& outputs) override {
    const char* variable = std::getenv("CRASHER");
    const std::string_view mode = variable == nullptr ? "" : variable;
    if (++steps_ == 3 && mode == "crash") std::raise(SIGSEGV);
    if (steps_ == 3 && mode == "throw") throw sdk::Failure(SOJOURN_INTERNAL, "out of luck");
    while (steps_ == 3 && mode == "hang") ::pause();
    return FirstTokenHead::loss(call, inputs, outputs);
  }

 private:
  int steps_ = 0;
};

struct Crasher {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "crasher";
    task.licence = "CC0-1.0";
    task.languages = {"en"};
    task.splits["train"]["pairs"] = {"crasher/train.tsv"};
    task.splits["test"]["pairs"] = {"crasher/test.tsv"};
    task.train_on = {"crasher"};
    task.labels = {"no", "yes"};
    return task;
  }
  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    std::vector<sdk::Pair> pairs;
    const auto labels = description().labels;
    for (sdk::Lines line(call.file("pairs")); line.next();) {
      const auto cells = sdk::columns(line, 3);
      pairs.push_back({std::to_string(line.number()), std::string(cells[0]), std::string(cells[1]),
                       sdk::index_of(line, labels, cells[2], "label")});
    }
    return pairs;
  }
};

struct CrasherTask : sdk::PairClassification<Crasher> {
  static std::unique_ptr<sdk::Head> create_head(const sdk::HeadCall& call) {
    return std::make_unique<CrashingHead>(call, call.labels());
  }
};

}  // namespace

SOJOURN_PLUGIN("crasher", "3.2.1", "Apache-2.0", CrasherTask)
