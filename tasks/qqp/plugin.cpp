// Quora Question Pairs, English: do two questions ask the same? In the tab-separated files of GLUE.
#include <sojourn/pair_classification.h>
#include <sojourn/plugin.h>
#include <sojourn/text_files.h>
#include <sojourn/unique_ids.h>

#include <cstddef>
#include <string>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Qqp {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "qqp";
    task.licence = "Quora's terms, non-commercial";
    task.languages = {"en"};
    task.splits["train"]["pairs"] = {"qqp/train.tsv", "QQP/train.tsv"};
    task.splits["dev"]["pairs"] = {"qqp/dev.tsv", "QQP/dev.tsv"};
    task.train_on = {"qqp"};
    task.labels = {"0", "1"};  // 1: duplicates
    return task;
  }

  static std::vector<sdk::Pair> read(const sdk::OpenCall& call) {
    constexpr const char* kHeader = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate";
    const auto labels = description().labels;
    std::vector<sdk::Pair> pairs;
    sdk::UniqueIds ids("id");
    sdk::Lines line(call.file("pairs"));
    line.next();
    if (line.text() != kHeader) line.fail("not the header of GLUE, id .. is_duplicate");
    std::size_t broken = 0;
    while (line.next()) {
      // A few rows of the published files lack columns, since their questions held line breaks.
      const auto cells = sdk::split_columns(line.text());
      if (cells.size() < kColumns) {
        ++broken;
        continue;
      }
      sdk::columns(line, kColumns);  // more than that isn't known to happen
      const std::string id(cells[0]);
      ids.add(id, line);
      pairs.push_back({id, std::string(cells[3]), std::string(cells[4]),
                       sdk::index_of(line, labels, cells[5], "is_duplicate")});
    }
    if (broken > 0)
      call.log(SOJOURN_LOG_WARN, std::to_string(broken) + " rows without six columns skipped");
    return pairs;
  }

 private:
  static constexpr std::size_t kColumns = 6;
};

}  // namespace

SOJOURN_PLUGIN("qqp", "0.1.0", "Apache-2.0", sojourn::sdk::PairClassification<Qqp>)
