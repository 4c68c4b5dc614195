#include "core/statistics/analysis.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/parallel.h"
#include "core/statistics/distributions.h"
#include "core/statistics/estimate.h"
#include "core/statistics/resample.h"
#include "core/statistics/subject_scores.h"

namespace sojourn {

namespace {

// An estimate on its way: a subject, cut to what both arms have.
struct Work {
  Comparison comparison;
  MeasuredSubject subject;
  Estimate estimate;
};

// Mean variances over seeds in the languages that two arms both have, each less the baseline.
struct ArmPair {
  double own = 0;
  double other = 0;
  std::size_t seeds = 0;  // the fewest
};

ArmPair seed_variances(const std::vector<Work>& languages, const std::string& other) {
  ArmPair pair;
  std::size_t count = 0;
  for (const auto& work : languages) {
    const auto& parts = work.estimate.parts;
    const auto found = parts.arms.find(other);
    if (found == parts.arms.end()) continue;
    const std::size_t seeds = found->second.scores.size();
    pair.own += variance_over_seeds(parts, parts.arms.at(parts.arm));
    pair.other += variance_over_seeds(parts, found->second);
    pair.seeds = std::min(count == 0 ? seeds : pair.seeds, seeds);
    ++count;
  }
  pair.own /= static_cast<double>(count);
  pair.other /= static_cast<double>(count);
  return pair;
}

// Arms that are clearly less steady than the one of these estimates, or steadier: what seeds do to
// them says nothing of it. By an F test at 10 % on each side, as if one language were all.
std::set<std::string> unlike_arms(const std::vector<Work>& languages) {
  constexpr double kLevel = 0.9;
  std::set<std::string> others;
  for (const auto& work : languages)
    for (const auto& entry : work.estimate.parts.arms) others.insert(entry.first);
  if (!languages.empty()) {
    others.erase(languages[0].estimate.parts.arm);
    others.erase(languages[0].estimate.parts.baseline);
  }
  std::erase_if(others, [&](const std::string& other) {
    const ArmPair pair = seed_variances(languages, other);
    const auto df = static_cast<double>(pair.seeds - 1);
    const auto [less, more] = std::minmax(pair.own, pair.other);
    return more <= f_quantile(kLevel, df, df) * less;
  });
  return others;
}

void leave_out(const std::set<std::string>& arms, Estimate& estimate) {
  std::erase_if(estimate.parts.arms, [&](const auto& entry) { return arms.contains(entry.first); });
}

// The mean over the languages.
std::optional<TypicalVariance> typical(const std::vector<Work>& languages) {
  if (languages.empty()) return std::nullopt;
  const auto n = static_cast<double>(languages.size());
  RunVariance own;
  RunVariance pooled;
  for (const auto& work : languages) {
    add_share(own, own_variance(work.estimate), n);
    add_share(pooled, pooled_variance(work.estimate), n);
  }
  return TypicalVariance{greater(own, pooled), languages.size(), is_less_steady(own, pooled)};
}

class Analysis {
 public:
  Analysis(const TargetScores& scores, const AnalysisOptions& options)
      : scores_(scores), options_(options), tables_(unit_tables(scores, options.threads)) {}

  // Nothing where no seed has the languages.
  std::optional<Work> begin(const Comparison& comparison, const Subject& subject) const;
  // Completes the estimates.
  void run(const std::vector<Work*>& all);
  std::optional<double> seed_correlation() const;

 private:
  using Parts = std::vector<MeasuredSubject::Part>;

  std::optional<std::size_t> find(const std::string& language) const;
  std::vector<std::string> present(const Comparison& comparison,
                                   const std::vector<std::string>& names) const;
  Parts parts_of(const Estimate& estimate) const;
  std::vector<std::size_t> common_seeds(const Comparison& comparison, const Parts& parts) const;
  void measure_all(const std::vector<Work*>& all);
  void fill(Work& work) const;
  double resampled_difference(const Work& work, const ResampledScores& resampled) const;

  const TargetScores& scores_;
  const AnalysisOptions& options_;
  std::vector<LanguageTable> tables_;
  std::map<MeasuredSubject, SubjectMeasures> measures_;
};

std::optional<std::size_t> Analysis::find(const std::string& language) const {
  for (std::size_t l = 0; l < tables_.size(); ++l)
    if (tables_[l].language == language) return l;
  return std::nullopt;
}

// Those of the languages that both arms have at some seed.
std::vector<std::string> Analysis::present(const Comparison& comparison,
                                           const std::vector<std::string>& names) const {
  std::vector<std::string> found;
  for (const auto& name : names) {
    const auto language = find(name);
    if (language && !common_seeds(comparison, {{*language, 1}}).empty()) found.push_back(name);
  }
  return found;
}

Analysis::Parts Analysis::parts_of(const Estimate& estimate) const {
  Parts parts;
  for (const auto& name : estimate.plus)
    parts.push_back({*find(name), 1 / static_cast<double>(estimate.plus.size())});
  for (const auto& name : estimate.minus)
    parts.push_back({*find(name), -1 / static_cast<double>(estimate.minus.size())});
  return parts;
}

std::vector<std::size_t> Analysis::common_seeds(const Comparison& comparison,
                                                const Parts& parts) const {
  std::vector<std::size_t> seeds;
  for (std::size_t s = 0; s < scores_.seeds.size(); ++s) {
    if (has_all(scores_, tables_, comparison.arm, s, parts) &&
        has_all(scores_, tables_, comparison.baseline, s, parts))
      seeds.push_back(s);
  }
  return seeds;
}

std::optional<Work> Analysis::begin(const Comparison& comparison, const Subject& subject) const {
  Work work{comparison, {}, {}};
  Estimate& estimate = work.estimate;
  estimate.plus = present(comparison, subject.plus);
  estimate.minus = present(comparison, subject.minus);
  if (estimate.plus.empty() || estimate.minus.empty() != subject.minus.empty()) return std::nullopt;
  const Parts parts = parts_of(estimate);
  work.subject = {comparison.baseline, common_seeds(comparison, parts), parts};
  if (work.subject.seeds.empty()) return std::nullopt;
  for (const auto s : work.subject.seeds) estimate.seeds.push_back(scores_.seeds[s]);
  estimate.parts.arm = scores_.arms[comparison.arm];
  estimate.parts.baseline = scores_.arms[comparison.baseline];
  return work;
}

// All arms with one baseline share what is measured of a subject.
void Analysis::measure_all(const std::vector<Work*>& all) {
  for (const auto* work : all) measures_.try_emplace(work->subject);
  std::vector<std::pair<const MeasuredSubject, SubjectMeasures>*> open;
  for (auto& entry : measures_) open.push_back(&entry);
  parallel_for(static_cast<std::int64_t>(open.size()), options_.threads, [&](std::int64_t i) {
    auto* entry = open[static_cast<std::size_t>(i)];
    entry->second = measure(scores_, tables_, entry->first);
  });
}

void Analysis::fill(Work& work) const {
  const SubjectMeasures& measures = measures_.at(work.subject);
  Estimate& estimate = work.estimate;
  estimate.examples = measures.examples;
  estimate.units = measures.units;
  for (const auto& [arm, its] : measures.arms)
    estimate.parts.arms[scores_.arms[arm]] = {its.scores, its.noise};
  const ArmMeasures& own = measures.arms.at(work.comparison.arm);
  estimate.example_variance = own.example_variance;
  estimate.parts.example_df = own.example_df;
}

double Analysis::resampled_difference(const Work& work, const ResampledScores& resampled) const {
  double sum = 0;
  for (const auto& [language, weight] : work.subject.parts) {
    for (const auto s : work.subject.seeds)
      sum += weight * (resampled[language][scores_.cell(work.comparison.arm, s)] -
                       resampled[language][scores_.cell(work.comparison.baseline, s)]);
  }
  return sum / static_cast<double>(work.subject.seeds.size());
}

void Analysis::run(const std::vector<Work*>& all) {
  std::map<std::pair<std::size_t, std::size_t>, std::vector<Work>> languages;  // by comparison
  for (const auto* work : all) {
    auto& its = languages[{work->comparison.arm, work->comparison.baseline}];
    if (!its.empty()) continue;
    for (const auto& table : tables_) {
      auto one = begin(work->comparison, {table.language, {table.language}, {}});
      if (one) its.push_back(std::move(*one));
    }
  }
  std::vector<Work*> measured = all;
  for (auto& entry : languages)
    for (auto& work : entry.second) measured.push_back(&work);
  measure_all(measured);
  for (auto* work : all)
    work->estimate.parts.resampled.resize(static_cast<std::size_t>(options_.resamples));
  resample(scores_, tables_,
           {options_.seed, options_.resamples, options_.threads, options_.progress},
           [&](std::size_t at, const ResampledScores& resampled) {
             for (auto* work : all)
               work->estimate.parts.resampled[at] =
                   static_cast<float>(resampled_difference(*work, resampled));
           });
  struct OfComparison {
    std::set<std::string> unlike;
    std::optional<TypicalVariance> typical;
  };
  std::map<std::pair<std::size_t, std::size_t>, OfComparison> found;
  for (auto& [comparison, works] : languages) {
    std::erase_if(works, [](const Work& work) { return work.estimate.seeds.size() < 2; });
    for (auto& work : works) fill(work);
    auto& [unlike, its_typical] = found[comparison];
    unlike = unlike_arms(works);
    for (auto& work : works) leave_out(unlike, work.estimate);
    its_typical = typical(works);
  }
  for (auto* work : all) {
    const auto& [unlike, its_typical] = found.at({work->comparison.arm, work->comparison.baseline});
    fill(*work);
    leave_out(unlike, work->estimate);
    work->estimate.parts.typical = its_typical;
    complete(work->estimate);
  }
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
    if (!std::all_of(table.cells.begin(), table.cells.end(), [](const auto& c) { return c.there; }))
      continue;
    std::vector<double> seed_means(seeds);
    double over_seeds = 0;
    for (std::size_t arm = 0; arm < arms; ++arm) {
      std::vector<double> scores;
      for (std::size_t s = 0; s < seeds; ++s) {
        scores.push_back(table.cells[scores_.cell(arm, s)].score);
        seed_means[s] += scores.back() / a;
      }
      over_seeds += sample_variance(scores);
    }
    const double square = a * sample_variance(seed_means);
    between += square;
    within += (over_seeds - square) / (a - 1);
  }
  const double total = between + (a - 1) * within;
  return total > 0 ? std::optional((between - within) / total) : std::nullopt;
}

}  // namespace

TargetAnalysis analyse(const TargetScores& scores, std::span<const Comparison> comparisons,
                       std::span<const Subject> subjects, const AnalysisOptions& options) {
  check(scores);
  Analysis analysis(scores, options);
  std::vector<std::vector<std::optional<Work>>> works;
  for (const auto& comparison : comparisons) {
    auto& row = works.emplace_back();
    for (const auto& subject : subjects) row.push_back(analysis.begin(comparison, subject));
  }
  std::vector<Work*> all;
  for (auto& row : works)
    for (auto& work : row)
      if (work) all.push_back(&*work);
  analysis.run(all);
  TargetAnalysis result;
  result.seed_correlation = analysis.seed_correlation();
  for (auto& row : works) {
    auto& estimates = result.estimates.emplace_back();
    for (auto& work : row)
      estimates.push_back(work ? std::optional(std::move(work->estimate)) : std::nullopt);
  }
  return result;
}

}  // namespace sojourn
