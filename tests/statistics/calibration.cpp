#include "tests/statistics/calibration.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/philox.h"
#include "core/statistics/analysis.h"
#include "core/statistics/multiple_tests.h"
#include "core/statistics/resample.h"
#include "core/statistics/unit_table.h"

namespace sojourn::simulation {

namespace {

constexpr std::size_t kTargets = 3;  // of a study
constexpr double kAlpha = 0.05;

struct Share {
  double hits = 0;
  double n = 0;
  void add(bool hit) {
    hits += hit ? 1 : 0;
    ++n;
  }
  void add(const Share& other) {
    hits += other.hits;
    n += other.n;
  }
  double value() const { return n > 0 ? hits / n : 0; }
};

struct Counts {
  Share language, group, contrast, target_mean, naive_examples, naive_both, equivalence, found;
  Share discoveries, group_discoveries;  // studies with one, of languages and of groups
  std::map<std::string, Share> arms;
  double width = 0;

  void add(const Counts& other) {
    language.add(other.language);
    group.add(other.group);
    contrast.add(other.contrast);
    target_mean.add(other.target_mean);
    naive_examples.add(other.naive_examples);
    naive_both.add(other.naive_both);
    discoveries.add(other.discoveries);
    group_discoveries.add(other.group_discoveries);
    equivalence.add(other.equivalence);
    found.add(other.found);
    for (const auto& [arm, share] : other.arms) arms[arm].add(share);
    width += other.width;
  }
};

bool holds(const Interval& interval, double truth) {
  return interval.low <= truth && truth <= interval.high;
}

std::vector<Subject> subjects_of(const Scenario& scenario) {
  std::vector<Subject> subjects;
  Subject all{"all", {}, {}};
  Subject halves{"halves", {}, {}};
  for (std::size_t l = 0; l < scenario.languages; ++l) {
    const std::string name = "l" + std::to_string(l);
    subjects.push_back({name, {name}, {}});
    all.plus.push_back(name);
    (l % 2 == 0 ? halves.plus : halves.minus).push_back(name);
  }
  subjects.push_back(all);
  subjects.push_back(halves);
  return subjects;
}

std::vector<Comparison> comparisons_of(const Scenario& scenario) {
  std::vector<Comparison> comparisons;
  for (std::size_t arm = 1; arm < scenario.arms; ++arm) comparisons.push_back({arm, 0});
  return comparisons;
}

// The interval that seeds and examples drawn with replacement give, as many papers do it.
void count_naive_both(const Study& study, const CalibrationPlan& plan, std::uint64_t number,
                      double truth, Share& share) {
  const auto& scores = study.scores;
  const std::size_t seeds = scores.seeds.size();
  std::vector<std::vector<double>> drawn((scores.arms.size() - 1) * scores.languages.size());
  resample(scores, unit_tables(scores, 1), {number, plan.resamples, 1, {}},
           [&](std::size_t at, const ResampledScores& resampled) {
             const auto random = random_uniform(
                 {number, 0, at}, "seeds", static_cast<std::int64_t>(scores.arms.size() * seeds));
             const auto mean = [&](std::size_t language, std::size_t arm) {
               double sum = 0;
               for (std::size_t s = 0; s < seeds; ++s) {
                 const auto seed =
                     static_cast<std::size_t>(random[arm * seeds + s] * static_cast<float>(seeds));
                 sum += resampled[language][scores.cell(arm, std::min(seed, seeds - 1))];
               }
               return sum / static_cast<double>(seeds);
             };
             for (std::size_t l = 0; l < scores.languages.size(); ++l)
               for (std::size_t a = 1; a < scores.arms.size(); ++a)
                 drawn[(a - 1) * scores.languages.size() + l].push_back(mean(l, a) - mean(l, 0));
           });
  for (auto& values : drawn) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double p) {
      return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
    };
    share.add(holds({at(0.025), at(0.975)}, truth));
  }
}

void count_estimate(const Estimate& estimate, double truth, double margin, Counts& counts) {
  const Inference& inference = *estimate.inference;
  const Interval interval = inference.interval();
  const bool held = holds(interval, truth);
  if (!estimate.minus.empty()) {
    counts.contrast.add(holds(interval, 0));
  } else if (estimate.plus.size() > 1) {
    counts.group.add(held);
  } else {
    counts.language.add(held);
    counts.arms[estimate.parts.arm].add(held);
    counts.width += (interval.high - interval.low) / 2;
    if (truth == 0) return;
    counts.equivalence.add(inference.p_equivalence(margin) <= kAlpha);
    counts.found.add(inference.p_difference() <= kAlpha);
  }
}

// Whether any of these tests, judged together, is a discovery.
bool finds_any(const std::vector<double>& family) {
  const auto adjusted = benjamini_hochberg(family);
  return std::any_of(adjusted.begin(), adjusted.end(), [](double q) { return q <= kAlpha; });
}

// One subject's difference on all targets, of an arm.
std::optional<Estimate> over_targets(const std::vector<TargetAnalysis>& targets, std::size_t arm,
                                     std::size_t subject) {
  std::vector<const Estimate*> estimates;
  for (const auto& target : targets) {
    const auto& estimate = target.estimates[arm][subject];
    if (estimate) estimates.push_back(&*estimate);
  }
  return estimates.empty() ? std::nullopt : mean_over_targets(estimates);
}

// Counts the groups' means over targets, and returns their p-values; the first `languages` subjects
// aren't groups.
std::vector<double> count_over_targets(const std::vector<TargetAnalysis>& targets,
                                       std::size_t languages, double truth, Counts& counts) {
  std::vector<double> tests;
  for (std::size_t arm = 0; arm < targets[0].estimates.size(); ++arm) {
    for (std::size_t group = languages; group < targets[0].estimates[arm].size(); ++group) {
      const auto estimate = over_targets(targets, arm, group);
      if (!estimate || !estimate->inference) continue;
      tests.push_back(estimate->inference->p_difference());
      const double its_truth = estimate->minus.empty() ? truth : 0;
      counts.target_mean.add(holds(estimate->inference->interval(), its_truth));
    }
  }
  return tests;
}

// A study of kTargets targets.
Counts count_study(const Scenario& scenario, const CalibrationPlan& plan, std::uint64_t number,
                   double truth) {
  const auto subjects = subjects_of(scenario);
  const auto comparisons = comparisons_of(scenario);
  Counts counts;
  std::vector<double> languages;
  std::vector<double> groups;
  std::vector<TargetAnalysis> targets;
  for (std::size_t target = 0; target < kTargets; ++target) {
    const std::uint64_t draw = number * kTargets + target;
    const bool naive = truth == 0 && draw < plan.naive;
    const Study study = simulate(scenario, draw, truth);
    AnalysisOptions options;
    options.resamples = naive ? plan.resamples : 0;
    targets.push_back(analyse(study.scores, comparisons, subjects, options));
    for (const auto& row : targets.back().estimates) {
      for (const auto& estimate : row) {
        if (!estimate || !estimate->inference) continue;
        count_estimate(*estimate, truth, plan.margin, counts);
        const bool language = estimate->plus.size() + estimate->minus.size() == 1;
        (language ? languages : groups).push_back(estimate->inference->p_difference());
        if (naive && language) counts.naive_examples.add(holds(estimate->examples_only, truth));
      }
    }
    if (naive) count_naive_both(study, plan, draw, truth, counts.naive_both);
  }
  const auto means = count_over_targets(targets, scenario.languages, truth, counts);
  groups.insert(groups.end(), means.begin(), means.end());
  if (truth == 0) {
    counts.discoveries.add(finds_any(languages));
    counts.group_discoveries.add(finds_any(groups));
  }
  return counts;
}

Counts count_studies(const Scenario& scenario, const CalibrationPlan& plan, std::size_t targets,
                     double truth) {
  Counts sum;
  std::mutex mutex;
  const std::size_t studies = (targets + kTargets - 1) / kTargets;
  parallel_for(static_cast<std::int64_t>(studies), plan.threads, [&](std::int64_t i) {
    const auto counts = count_study(scenario, plan, static_cast<std::uint64_t>(i), truth);
    const std::lock_guard lock(mutex);
    sum.add(counts);
  });
  return sum;
}

}  // namespace

Calibration calibrate(const Scenario& scenario, const CalibrationPlan& plan) {
  Counts counts = count_studies(scenario, plan, plan.studies, 0);
  if (plan.shifted > 0) counts.add(count_studies(scenario, plan, plan.shifted, -plan.margin));
  Calibration result;
  result.language = counts.language.value();
  result.worst_arm = 1;
  for (const auto& [arm, share] : counts.arms)
    result.worst_arm = std::min(result.worst_arm, share.value());
  result.group = counts.group.value();
  result.contrast = counts.contrast.value();
  result.target_mean = counts.target_mean.value();
  result.half_width = counts.width / counts.language.n;
  result.naive_examples = counts.naive_examples.value();
  result.naive_both = counts.naive_both.value();
  result.false_discoveries = counts.discoveries.value();
  result.group_discoveries = counts.group_discoveries.value();
  result.equivalence_error = counts.equivalence.value();
  result.found = counts.found.value();
  return result;
}

}  // namespace sojourn::simulation
