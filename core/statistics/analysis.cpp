#include "core/statistics/analysis.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/statistics/estimate.h"
#include "core/statistics/resample.h"
#include "core/statistics/unit_table.h"

namespace sojourn {

namespace {

struct Weighted {
  std::size_t language = 0;  // index into the tables
  double weight = 0;
};

// What one estimate is computed over: a subject, cut to what both arms have.
struct Task {
  Comparison comparison;
  std::vector<Weighted> languages;
  std::vector<std::size_t> seeds;  // indices
  Estimate* estimate = nullptr;
};

class Analysis {
 public:
  Analysis(const TargetScores& scores, const AnalysisOptions& options)
      : scores_(scores), options_(options), tables_(unit_tables(scores, options.threads)) {
    for (std::size_t l = 0; l < tables_.size(); ++l) {
      if (!tables_[l].units.empty())
        units_ = std::max<std::size_t>(units_, tables_[l].units.back() + 1);
    }
  }

  // The estimates and what is to be filled in; nothing where an arm has no seed of the subject.
  std::optional<Estimate> begin(const Comparison& comparison, const Subject& subject) const {
    Estimate estimate;
    estimate.plus = present(comparison, subject.plus);
    estimate.minus = present(comparison, subject.minus);
    if (estimate.plus.empty() || estimate.minus.empty() != subject.minus.empty())
      return std::nullopt;
    const auto languages = weighted(estimate);
    for (const auto s : common_seeds(comparison, languages))
      estimate.seeds.push_back(scores_.seeds[s]);
    if (estimate.seeds.empty()) return std::nullopt;
    estimate.parts.arm = scores_.arms[comparison.arm];
    estimate.parts.baseline = scores_.arms[comparison.baseline];
    return estimate;
  }

  void run(std::vector<Task>& tasks) const {
    parallel_for(static_cast<std::int64_t>(tasks.size()), options_.threads,
                 [&](std::int64_t i) { measure(tasks[static_cast<std::size_t>(i)]); });
    for (auto& task : tasks)
      task.estimate->parts.resampled.resize(static_cast<std::size_t>(options_.resamples));
    resample(
        scores_, tables_, {options_.seed, options_.resamples, options_.threads, options_.progress},
        [&](std::size_t at, const ResampledScores& resampled) {
          for (auto& task : tasks)
            task.estimate->parts.resampled[at] = static_cast<float>(difference(task, resampled));
        });
    std::map<std::pair<std::size_t, std::size_t>, std::optional<RunVariance>> typical_of;
    for (auto& task : tasks) {
      const auto [at, added] =
          typical_of.try_emplace({task.comparison.arm, task.comparison.baseline});
      if (added) at->second = typical(task.comparison);
      task.estimate->parts.typical = at->second;
      complete(*task.estimate);
    }
  }

  std::optional<double> seed_correlation() const;

  Task task(const Comparison& comparison, Estimate& estimate) const {
    Task made{comparison, weighted(estimate), {}, &estimate};
    made.seeds = common_seeds(comparison, made.languages);
    return made;
  }

 private:
  bool there(std::size_t arm, std::size_t seed, std::size_t language) const {
    return tables_[language].cells[scores_.cell(arm, seed)].there;
  }

  std::optional<std::size_t> find(const std::string& language) const {
    for (std::size_t l = 0; l < tables_.size(); ++l)
      if (tables_[l].language == language) return l;
    return std::nullopt;
  }

  // Those of the languages that both arms have at some seed.
  std::vector<std::string> present(const Comparison& comparison,
                                   const std::vector<std::string>& names) const {
    std::vector<std::string> found;
    for (const auto& name : names) {
      const auto language = find(name);
      if (language && !common_seeds(comparison, {{*language, 1}}).empty()) found.push_back(name);
    }
    return found;
  }

  std::vector<Weighted> weighted(const Estimate& estimate) const {
    std::vector<Weighted> languages;
    for (const auto& name : estimate.plus)
      languages.push_back({*find(name), 1 / static_cast<double>(estimate.plus.size())});
    for (const auto& name : estimate.minus)
      languages.push_back({*find(name), -1 / static_cast<double>(estimate.minus.size())});
    return languages;
  }

  bool has_all(std::size_t arm, std::size_t seed, const std::vector<Weighted>& languages) const {
    return std::all_of(languages.begin(), languages.end(),
                       [&](const Weighted& w) { return there(arm, seed, w.language); });
  }

  std::vector<std::size_t> common_seeds(const Comparison& comparison,
                                        const std::vector<Weighted>& languages) const {
    std::vector<std::size_t> seeds;
    for (std::size_t s = 0; s < scores_.seeds.size(); ++s)
      if (has_all(comparison.arm, s, languages) && has_all(comparison.baseline, s, languages))
        seeds.push_back(s);
    return seeds;
  }

  double difference(const Task& task, const ResampledScores& resampled) const {
    double sum = 0;
    for (const auto& [language, weight] : task.languages)
      for (const auto s : task.seeds)
        sum += weight * (resampled[language][scores_.cell(task.comparison.arm, s)] -
                         resampled[language][scores_.cell(task.comparison.baseline, s)]);
    return sum / static_cast<double>(task.seeds.size());
  }

  // [seeds][units]: influence of a unit on the subject's score of `arm`, less that of the baseline.
  std::vector<std::vector<double>> influences(const Task& task, std::size_t arm) const {
    std::vector<std::vector<double>> all(task.seeds.size(), std::vector<double>(units_));
    for (std::size_t s = 0; s < task.seeds.size(); ++s) {
      for (const auto& [l, weight] : task.languages) {
        const auto& table = tables_[l];
        const auto& mine = table.cells[scores_.cell(arm, task.seeds[s])].influence;
        const auto& base =
            table.cells[scores_.cell(task.comparison.baseline, task.seeds[s])].influence;
        for (std::size_t u = 0; u < table.units.size(); ++u)
          all[s][table.units[u]] += weight * (mine[u] - base[u]);
      }
    }
    return all;
  }

  std::optional<RunVariance> typical(const Comparison& comparison) const;
  void measure(const Task& task) const;
  void count(const Task& task) const;

  const TargetScores& scores_;
  const AnalysisOptions& options_;
  std::vector<LanguageTable> tables_;
  std::size_t units_ = 0;  // of all languages
};

void Analysis::count(const Task& task) const {
  std::set<std::uint32_t> units;
  for (const auto& [language, weight] : task.languages) {
    task.estimate->examples += tables_[language].examples;
    units.insert(tables_[language].units.begin(), tables_[language].units.end());
  }
  task.estimate->units = units.size();
}

// Intraclass correlation (Shrout and Fleiss 1979, ICC(3,1) with seeds as subjects and arms as
// raters), from mean squares summed over the languages where no cell is missing.
std::optional<double> Analysis::seed_correlation() const {
  const std::size_t arms = scores_.arms.size();
  const std::size_t seeds = scores_.seeds.size();
  if (arms < 2 || seeds < 2) return std::nullopt;
  const auto a = static_cast<double>(arms);
  double between = 0;
  double within = 0;
  for (const auto& table : tables_) {
    std::vector<double> seed_means(seeds);
    double over_seeds = 0;
    bool complete = true;
    for (std::size_t arm = 0; arm < arms; ++arm) {
      std::vector<double> scores;
      for (std::size_t s = 0; s < seeds; ++s) {
        const CellTable& cell = table.cells[scores_.cell(arm, s)];
        complete = complete && cell.there;
        scores.push_back(cell.score);
        seed_means[s] += cell.score / a;
      }
      over_seeds += sample_variance(scores);
    }
    if (!complete) continue;
    const double square = a * sample_variance(seed_means);
    between += square;
    within += (over_seeds - square) / (a - 1);
  }
  const double total = between + (a - 1) * within;
  return total > 0 ? std::optional((between - within) / total) : std::nullopt;
}

// The mean over the languages that have two seeds or more.
std::optional<RunVariance> Analysis::typical(const Comparison& comparison) const {
  RunVariance sum;
  double n = 0;
  for (const auto& table : tables_) {
    auto estimate = begin(comparison, {"", {table.language}, {}});
    if (!estimate || estimate->seeds.size() < 2) continue;
    measure(task(comparison, *estimate));
    const RunVariance one = run_variance(*estimate);
    sum.over_seeds += one.over_seeds;
    sum.noise += one.noise;
    sum.examples += one.examples;
    ++n;
  }
  if (n == 0) return std::nullopt;
  return RunVariance{sum.over_seeds / n, sum.noise / n, sum.examples / n};
}

// Fills in the scores by seed and all that follows from the influence of single units.
void Analysis::measure(const Task& task) const {
  count(task);
  Estimate& estimate = *task.estimate;
  const auto units = static_cast<double>(estimate.units);
  const auto seeds = static_cast<double>(task.seeds.size());
  const double correction = units > 1 ? units / (units - 1) : 1;  // for the mean taken off
  for (std::size_t a = 0; a < scores_.arms.size(); ++a) {
    if (!std::all_of(task.seeds.begin(), task.seeds.end(),
                     [&](std::size_t s) { return has_all(a, s, task.languages); }))
      continue;
    ArmScores& arm = estimate.parts.arms[scores_.arms[a]];
    for (const auto s : task.seeds) {
      double score = 0;
      for (const auto& [l, weight] : task.languages)
        score += weight * tables_[l].cells[scores_.cell(a, s)].score;
      arm.scores.push_back(score);
    }
    if (a == task.comparison.baseline) continue;
    const auto influence = influences(task, a);
    double second = 0;
    double fourth = 0;
    std::vector<double> at_unit(task.seeds.size());
    for (std::size_t u = 0; u < units_; ++u) {
      double mean = 0;
      for (std::size_t s = 0; s < at_unit.size(); ++s) mean += at_unit[s] = influence[s][u];
      mean /= seeds;
      arm.noise += correction * sample_variance(at_unit);
      second += mean * mean;
      fourth += mean * mean * mean * mean;
    }
    if (a != task.comparison.arm) continue;
    estimate.example_variance = correction * second;
    const double spread = fourth - second * second / units;
    estimate.parts.example_df =
        spread > 0 ? std::max(1.0, std::min(units - 1, 2 * second * second / spread))
                   : std::max(1.0, units - 1);
  }
}

}  // namespace

TargetAnalysis analyse(const TargetScores& scores, std::span<const Comparison> comparisons,
                       std::span<const Subject> subjects, const AnalysisOptions& options) {
  check(scores);
  const Analysis analysis(scores, options);
  TargetAnalysis result;
  result.seed_correlation = analysis.seed_correlation();
  std::vector<Task> tasks;
  for (const auto& comparison : comparisons) {
    auto& row = result.estimates.emplace_back();
    for (const auto& subject : subjects) row.push_back(analysis.begin(comparison, subject));
  }
  for (std::size_t c = 0; c < comparisons.size(); ++c)
    for (auto& estimate : result.estimates[c])
      if (estimate) tasks.push_back(analysis.task(comparisons[c], *estimate));
  analysis.run(tasks);
  return result;
}

}  // namespace sojourn
