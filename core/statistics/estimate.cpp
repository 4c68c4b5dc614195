#include "core/statistics/estimate.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "core/statistics/distributions.h"

namespace sojourn {

namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all(a.size());
  std::transform(a.begin(), a.end(), b.begin(), all.begin(), std::minus<>());
  return all;
}

// Half of what noise has in the variance by examples, of which it can't have more than all.
double most_taken_off(const RunVariance& variance, double seeds) {
  return std::min(variance.noise / seeds, variance.examples) / 2;
}

double df_of(const Estimate& estimate, const TypicalVariance& variance) {
  return difference_df(variance.one, variance.languages, estimate.parts.arms.size(),
                       estimate.seeds.size(), estimate.parts.example_df);
}

// Of a language, those of a typical one of its target. Of a mean over languages and of a difference
// of two its own, as of one language: what a run does to all of them doesn't average out.
double inference_df(const Estimate& estimate, const RunVariance& own) {
  const bool of_language = estimate.plus.size() == 1 && estimate.minus.empty();
  return df_of(estimate, of_language ? estimate.parts.typical.value_or(TypicalVariance{own, 1})
                                     : TypicalVariance{own, 1});
}

// Whether an arm is less steady than the others is told by the languages of a target together: in a
// single one, or a mean, it could seem so by chance.
RunVariance variance_of(const Estimate& estimate) {
  const auto& typical = estimate.parts.typical;
  const RunVariance pooled = pooled_variance(estimate);
  return typical && !typical->less_steady ? pooled : greater(own_variance(estimate), pooled);
}

Interval percentiles(std::vector<float> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return std::lerp(static_cast<double>(values[below]), static_cast<double>(values[above]),
                     place - static_cast<double>(below));
  };
  return {at(0.025), at(0.975)};
}

// The values at those places of `seeds` that are among `kept`.
std::vector<double> at_seeds(const std::vector<double>& values,
                             const std::vector<std::uint64_t>& seeds,
                             const std::set<std::uint64_t>& kept) {
  std::vector<double> some;
  for (std::size_t s = 0; s < seeds.size(); ++s)
    if (kept.contains(seeds[s])) some.push_back(values[s]);
  return some;
}

std::set<std::uint64_t> shared_seeds(std::span<const Estimate* const> estimates) {
  std::set<std::uint64_t> shared(estimates[0]->seeds.begin(), estimates[0]->seeds.end());
  for (const auto* estimate : estimates) {
    const std::set<std::uint64_t> its(estimate->seeds.begin(), estimate->seeds.end());
    std::erase_if(shared, [&](std::uint64_t seed) { return !its.contains(seed); });
  }
  return shared;
}

// Mean scores of the arms that all estimates have.
std::map<std::string, ArmScores> mean_arms(std::span<const Estimate* const> estimates,
                                           const std::set<std::uint64_t>& seeds) {
  const auto n = static_cast<double>(estimates.size());
  std::map<std::string, ArmScores> arms;
  for (const auto& first : estimates[0]->parts.arms) {
    ArmScores sum;
    sum.scores.resize(seeds.size());
    const bool everywhere = std::all_of(estimates.begin(), estimates.end(), [&](const auto* e) {
      return e->parts.arms.contains(first.first);
    });
    if (!everywhere) continue;
    for (const auto* estimate : estimates) {
      const ArmScores& arm = estimate->parts.arms.at(first.first);
      const auto scores = at_seeds(arm.scores, estimate->seeds, seeds);
      for (std::size_t s = 0; s < scores.size(); ++s) sum.scores[s] += scores[s] / n;
      sum.noise += arm.noise / (n * n);
    }
    arms.emplace(first.first, std::move(sum));
  }
  return arms;
}

// About the difference at these seeds, which may not be all that an estimate has.
std::vector<float> mean_resampled(std::span<const Estimate* const> estimates,
                                  const std::set<std::uint64_t>& seeds) {
  std::size_t size = estimates[0]->parts.resampled.size();
  for (const auto* estimate : estimates) size = std::min(size, estimate->parts.resampled.size());
  std::vector<float> sum(size);
  for (const auto* estimate : estimates) {
    const double difference = mean(at_seeds(estimate->arm_scores, estimate->seeds, seeds)) -
                              mean(at_seeds(estimate->baseline_scores, estimate->seeds, seeds));
    const auto shift = static_cast<float>(difference - estimate->difference);
    for (std::size_t i = 0; i < size; ++i)
      sum[i] += (estimate->parts.resampled[i] + shift) / static_cast<float>(estimates.size());
  }
  return sum;
}

// By fewer seeds of those that it has, over which noise of single examples averages out less.
double example_variance_of(const Estimate& estimate, std::size_t seeds) {
  const double noise = estimate.parts.arms.at(estimate.parts.arm).noise;
  return estimate.example_variance + noise / static_cast<double>(seeds) -
         noise / static_cast<double>(estimate.seeds.size());
}

// Of the mean over targets, as if seeds meant nothing in common to them: only degrees of freedom
// are made of it.
std::optional<TypicalVariance> mean_typical(std::span<const Estimate* const> estimates) {
  const auto n = static_cast<double>(estimates.size());
  TypicalVariance sum;
  for (const auto* estimate : estimates) {
    const auto& typical = estimate->parts.typical;
    if (!typical) return std::nullopt;
    add_share(sum.one, typical->one, n * n);
    sum.languages += typical->languages;
    sum.less_steady = sum.less_steady || typical->less_steady;
  }
  return sum;
}

// Languages of all, each once, in the order of their first target.
void add_languages(const std::vector<std::string>& languages, std::vector<std::string>& all) {
  for (const auto& language : languages)
    if (std::find(all.begin(), all.end(), language) == all.end()) all.push_back(language);
}

// Those of a variance over seeds: of the part that the arms share, and of what the compared arm has
// beyond it, which only its own seeds tell. Not more than pooling alone gives.
double seed_df(const RunVariance& variance, std::size_t arms, std::size_t seeds) {
  const double pooled = pooled_df(arms, seeds);
  const double beyond = variance.over_seeds - variance.shared;
  if (beyond <= 0) return pooled;
  return std::min(pooled,
                  satterthwaite_df(std::vector<VarianceTerm>{
                      {variance.shared, pooled}, {beyond, static_cast<double>(seeds - 1)}}));
}

}  // namespace

double pooled_df(std::size_t arms, std::size_t seeds) {
  const auto compared = static_cast<double>(arms - 1);
  return static_cast<double>(seeds - 1) * compared / (1 + (compared - 1) / 4);
}

double seed_variance(const RunVariance& variance, std::size_t seeds) {
  const auto n = static_cast<double>(seeds);
  return std::max((variance.over_seeds - variance.noise) / n, -most_taken_off(variance, n));
}

// Of the variance over seeds, only what exceeds the limit of seed_variance() counts as uncertain.
double difference_df(const RunVariance& variance, std::size_t languages, std::size_t arms,
                     std::size_t seeds, double example_df) {
  constexpr double kChance = 0.15;
  const auto n = static_cast<double>(seeds);
  const double df = seed_df(variance, arms, seeds);
  const double limit = df / chi_squared_quantile(kChance, df);
  RunVariance upper = variance;
  upper.over_seeds *= 1 + (limit - 1) / static_cast<double>(languages);
  const double over_seeds = upper.over_seeds / n;
  const double certain = std::min(over_seeds, upper.noise / n - most_taken_off(upper, n));
  const double spread = over_seeds * over_seeds - certain * certain;
  const double total = seed_variance(upper, seeds) + upper.examples;
  const double squares = spread / df + upper.examples * upper.examples / example_df;
  return squares > 0 ? std::max(1.0, total * total / squares) : example_df;
}

double sample_variance(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double center = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return sum / static_cast<double>(values.size() - 1);
}

double variance_over_seeds(const EstimateParts& parts, const ArmScores& arm) {
  return sample_variance(differences(arm.scores, parts.arms.at(parts.baseline).scores));
}

void add_share(RunVariance& sum, const RunVariance& one, double n) {
  sum.over_seeds += one.over_seeds / n;
  sum.shared += one.shared / n;
  sum.noise += one.noise / n;
  sum.examples += one.examples / n;
}

RunVariance pooled_variance(const Estimate& estimate) {
  const auto& parts = estimate.parts;
  const auto compared = static_cast<double>(parts.arms.size() - 1);
  RunVariance pooled{.examples = estimate.example_variance};
  for (const auto& [name, arm] : parts.arms) {
    if (name == parts.baseline) continue;
    pooled.over_seeds += variance_over_seeds(parts, arm) / compared;
    pooled.noise += arm.noise / compared;
  }
  pooled.shared = pooled.over_seeds;
  return pooled;
}

RunVariance own_variance(const Estimate& estimate) {
  const ArmScores& arm = estimate.parts.arms.at(estimate.parts.arm);
  const double own = variance_over_seeds(estimate.parts, arm);
  return {own, own, arm.noise, estimate.example_variance};
}

bool is_less_steady(const RunVariance& own, const RunVariance& pooled) {
  return own.over_seeds - own.noise > pooled.over_seeds - pooled.noise;
}

RunVariance greater(const RunVariance& own, const RunVariance& pooled) {
  if (!is_less_steady(own, pooled)) return pooled;
  RunVariance result = own;
  result.shared = std::min(own.over_seeds, pooled.over_seeds);
  return result;
}

void complete(Estimate& estimate) {
  const auto& parts = estimate.parts;
  estimate.arm_scores = parts.arms.at(parts.arm).scores;
  estimate.baseline_scores = parts.arms.at(parts.baseline).scores;
  estimate.difference = mean(estimate.arm_scores) - mean(estimate.baseline_scores);
  estimate.examples_only = percentiles(parts.resampled);
  if (estimate.seeds.size() < 2) return;
  const RunVariance variance = variance_of(estimate);
  estimate.seed_variance = seed_variance(variance, estimate.seeds.size());
  estimate.inference = {estimate.difference,
                        std::sqrt(estimate.seed_variance + estimate.example_variance),
                        inference_df(estimate, variance)};
}

std::optional<Estimate> mean_over_targets(std::span<const Estimate* const> estimates) {
  if (estimates.size() == 1) return *estimates[0];
  const auto seeds = shared_seeds(estimates);
  if (seeds.empty()) return std::nullopt;
  const auto n = static_cast<double>(estimates.size());
  Estimate result;
  result.seeds.assign(seeds.begin(), seeds.end());
  result.parts.arm = estimates[0]->parts.arm;
  result.parts.baseline = estimates[0]->parts.baseline;
  result.parts.arms = mean_arms(estimates, seeds);
  result.parts.resampled = mean_resampled(estimates, seeds);
  std::vector<VarianceTerm> terms;
  for (const auto* estimate : estimates) {
    add_languages(estimate->plus, result.plus);
    add_languages(estimate->minus, result.minus);
    result.examples += estimate->examples;
    result.units += estimate->units;
    const double variance = example_variance_of(*estimate, seeds.size());
    terms.push_back({variance / (n * n), estimate->parts.example_df});
    result.example_variance += terms.back().variance;
  }
  result.parts.example_df = satterthwaite_df(terms);
  result.parts.typical = mean_typical(estimates);
  complete(result);
  return result;
}

}  // namespace sojourn
