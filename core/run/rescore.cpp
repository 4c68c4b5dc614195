#include "core/run/rescore.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/features.h"
#include "core/data/files.h"
#include "core/eval/scorer.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

// The rows of one file of predictions.
using Rows = std::vector<ResultRow>;

auto file_key(const ResultRow& row) {
  return std::tie(row.arm, row.target, row.task, row.seed, row.split, row.language, row.layer);
}

fs::path file_of(const fs::path& run, const ResultRow& row) {
  const auto named = [&](const std::string& split) {
    return run / predictions_file(row.arm, row.target, row.seed, split, row.language);
  };
  const fs::path of_other_task = named(row.split + "-" + row.task);
  return fs::exists(of_other_task) ? of_other_task : named(row.split);
}

// The predictions of a file, which must be those for the first examples of the data.
std::vector<std::string> predictions_for(const Dataset& data, const fs::path& file) {
  std::vector<std::string> texts;
  for (auto& [id, text] : read_predictions(file)) {
    const auto example = static_cast<std::int64_t>(texts.size());
    const std::string where = file.string() + ":" + std::to_string(example + 1);
    if (example == data.size())
      throw input_error(where, "more predictions than the data has examples");
    const std::string expected = data.example(example).id;
    if (id != expected)
      throw input_error(where,
                        "a prediction for example '" + id + "', expected '" + expected + "'");
    texts.push_back(std::move(text));
  }
  return texts;
}

class Rescorer {
 public:
  Rescorer(const fs::path& run, const fs::path& root, TaskCatalog& tasks)
      : run_(run), root_(root), tasks_(tasks) {}

  Rescored score(const Rows& rows) {
    std::map<decltype(file_key(rows.front())), Rows> by_file;
    for (const auto& row : rows) by_file[file_key(row)].push_back(row);
    for (const auto& entry : by_file) {
      throw_if_interrupted();
      score_file(entry.second);
    }
    return std::move(found_);
  }

 private:
  void score_file(const Rows& rows) {
    const ResultRow& first = rows.front();
    const fs::path file = file_of(run_, first);
    Task& task = tasks_.task(first.task);
    const Dataset& data = dataset(task, first.split, first.language);
    const auto scores = score_predictions(task.manifest(), data, predictions_for(data, file));
    ++found_.files;
    for (const ResultRow& written : rows) {
      ResultRow row = written;
      const auto metric =
          std::find_if(scores.metrics.begin(), scores.metrics.end(), [&](const MetricValue& value) {
            return value.metric == row.metric && value.profile == row.profile;
          });
      if (metric == scores.metrics.end()) {
        throw input_error(file.string(), "task '" + row.task + "' has no " + row.metric +
                                             " of profile " + row.profile + " for it");
      }
      row.value = metric->value;
      row.n = scores.n;
      row.primary = metric->primary;
      if (row.value != written.value || row.n != written.n)
        found_.differences.push_back({written, row});
      found_.rows.push_back(std::move(row));
    }
  }

  const Dataset& dataset(Task& task, const std::string& split, const std::string& language) {
    const auto& manifest = task.manifest();
    auto& data = data_[{manifest.name, split, language}];
    if (data == nullptr) {
      data = task.open({split, language, find_files(manifest, split, language, root_), nullptr, 0,
                        head_labels(task, root_)});
    }
    return *data;
  }

  const fs::path& run_;
  const fs::path& root_;
  TaskCatalog& tasks_;
  std::map<std::tuple<std::string, std::string, std::string>, std::unique_ptr<Dataset>> data_;
  Rescored found_;
};

}  // namespace

Rescored rescore_run(const fs::path& run, const fs::path& root, TaskCatalog& tasks) {
  const fs::path results = run / "results.jsonl";
  return Rescorer(run, root, tasks).score(parse_results(read_file(results), results.string()));
}

}  // namespace sojourn
