#include "core/report/target_data.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <mutex>
#include <set>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/parallel.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

const MetricSpec& primary_of(const std::string& task, const Declared& declared) {
  const auto found = declared.tasks.find(task);
  if (found != declared.tasks.end()) {
    for (const MetricSpec& metric : found->second.metrics) {
      if (metric.primary) return metric;
    }
  }
  throw input_error("task '" + task + "'", "declared.json names no primary metric of it");
}

// The examples with gold of one file.
struct Examples {
  std::vector<std::string> ids;
  std::vector<ExampleTies> ties;
  CellStatistics statistics;
};

// `names` of the statistics of each example, in this order.
Examples read_examples(const fs::path& file, const std::vector<std::string>& names) {
  throw_if_interrupted();
  std::ifstream lines(file);
  if (!lines) throw input_error(file.string(), "no such file, though results.jsonl has its score");
  Examples read;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    try {
      const auto json = nlohmann::json::parse(line);
      const auto statistics = json.find("statistics");
      if (statistics == json.end()) continue;  // no gold
      read.ids.push_back(json.at("id").get<std::string>());
      read.ties.push_back(
          {json.at("align").get<std::string>(), json.at("cluster").get<std::string>()});
      for (const auto& name : names) read.statistics.push_back(statistics->at(name).get<double>());
    } catch (const nlohmann::json::exception& error) {
      throw input_error(file.string() + ":" + std::to_string(number),
                        std::string("not a scored example: ") + error.what());
    }
  }
  return read;
}

// That a row of results.jsonl is of an arm and a seed of the study.
std::size_t place_in_study(const TargetScores& scores, const Score& score, const fs::path& run) {
  const auto place = [&](const auto& list, const auto& item, const std::string& what) {
    const auto found = std::find(list.begin(), list.end(), item);
    if (found == list.end())
      throw input_error((run / "results.jsonl").string(),
                        "a score of " + what + ", which the study doesn't have");
    return static_cast<std::size_t>(found - list.begin());
  };
  return scores.cell(place(scores.arms, score.arm, "arm '" + score.arm + "'"),
                     place(scores.seeds, score.seed, "seed " + std::to_string(score.seed)));
}

void check_same_examples(const Examples& expected, const fs::path& expected_file,
                         const Examples& found, const fs::path& file) {
  const auto [a, b] =
      std::mismatch(expected.ids.begin(), expected.ids.end(), found.ids.begin(), found.ids.end());
  if (a == expected.ids.end() && b == found.ids.end()) {
    if (expected.ties == found.ties) return;
    throw input_error(file.string(), "ties its examples to other documents or translations than " +
                                         expected_file.string() + ": align or cluster differ");
  }
  const auto shown = [](bool there, const auto& id) {
    return there ? "example '" + *id + "'" : std::string("an end");
  };
  throw input_error(file.string(), "has other examples than " + expected_file.string() + ": " +
                                       shown(b != found.ids.end(), b) + " instead of " +
                                       shown(a != expected.ids.end(), a));
}

void check_value(const TargetScores& scores, const CellStatistics& cell, double value,
                 const fs::path& file) {
  std::vector<double> sums(scores.statistics);
  for (std::size_t i = 0; i < cell.size(); ++i) sums[i % scores.statistics] += cell[i];
  const double found = score_of(scores, sums);
  if (std::abs(found - value) <= 1e-9 * std::max(1.0, std::abs(value))) return;
  throw input_error(file.string(), "gives " + std::to_string(found) + ", results.jsonl has " +
                                       std::to_string(value));
}

// Reads all cells of one language; returns the ties of its examples.
std::vector<ExampleTies> read_language(const JoinedRuns& runs, const TargetMetric& metric,
                                       const std::vector<const Score*>& scores,
                                       const std::vector<std::string>& names, TargetScores& into,
                                       LanguageScores& language) {
  Examples first;
  fs::path first_file;
  for (const Score* score : scores) {
    const fs::path& run = runs.runs[score->run].path;
    const std::size_t cell = place_in_study(into, *score, run);
    const fs::path file = run / predictions_file(score->arm, metric.target, score->seed,
                                                 metric.split, score->language);
    Examples read = read_examples(file, names);
    if (first_file.empty()) {
      first = read;
      first_file = file;
    } else {
      check_same_examples(first, first_file, read, file);
    }
    check_value(into, read.statistics, score->value, file);
    language.cells[cell] = std::move(read.statistics);
  }
  return std::move(first.ties);
}

}  // namespace

TargetMetric metric_of(const Target& target, const Declared& declared) {
  const MetricSpec& metric = primary_of(target.task, declared);
  const auto& splits = target.splits;
  const bool test = std::find(splits.begin(), splits.end(), "test") != splits.end();
  return {target.name, target.task, test ? "test" : splits.front(), metric.name, metric.profile};
}

std::vector<Score> scores_of(const JoinedRuns& runs, const TargetMetric& metric) {
  std::vector<Score> scores;
  for (std::size_t r = 0; r < runs.runs.size(); ++r) {
    for (const ResultRow& row : runs.runs[r].rows) {
      const bool meant = row.target == metric.target && row.task == metric.task &&
                         row.split == metric.split && row.metric == metric.metric &&
                         row.profile == metric.profile;
      if (meant)
        scores.push_back({row.arm, row.language, row.seed, row.value, row.n, row.layer, r});
    }
  }
  return scores;
}

TargetScores read_target(const JoinedRuns& runs, const TargetMetric& metric,
                         const std::vector<Score>& scores, int threads,
                         const std::function<void(double share)>& progress) {
  const MetricSpec& primary = primary_of(metric.task, runs.declared);
  const auto& statistics = runs.declared.tasks.at(metric.task).statistics;
  TargetScores made;
  made.target = metric.target;
  for (const auto& arm : runs.arms) made.arms.push_back(arm.name);
  made.seeds = runs.seeds;
  made.metrics = {primary};
  std::vector<std::string> names;  // of the statistics that the metric uses
  for (std::size_t& argument : made.metrics.front().arguments) {
    names.push_back(statistics[argument]);
    argument = names.size() - 1;
  }
  made.statistics = names.size();

  std::map<std::string, std::vector<const Score*>> by_language;
  for (const Score& score : scores) by_language[score.language].push_back(&score);
  std::vector<std::vector<const Score*>> lists;
  for (auto& [language, list] : by_language) {
    made.languages.push_back({language, {}, {}});
    made.languages.back().cells.resize(made.arms.size() * made.seeds.size());
    lists.push_back(std::move(list));
  }
  std::vector<std::vector<ExampleTies>> ties(lists.size());
  std::mutex mutex;
  std::size_t done = 0;
  parallel_for(static_cast<std::int64_t>(lists.size()), threads, [&](std::int64_t i) {
    const auto l = static_cast<std::size_t>(i);
    ties[l] = read_language(runs, metric, lists[l], names, made, made.languages[l]);
    const std::lock_guard lock(mutex);
    progress(static_cast<double>(++done) / static_cast<double>(lists.size()));
  });
  auto units = resampling_units(ties);
  for (std::size_t l = 0; l < units.size(); ++l) made.languages[l].units = std::move(units[l]);
  check(made);
  return made;
}

}  // namespace sojourn
