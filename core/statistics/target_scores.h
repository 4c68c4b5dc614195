// What the statistics of a target start from: additive statistics of each example, by arm, seed and
// language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/data/manifest.h"

namespace sojourn {

// The statistics of one language's examples, [examples, TargetScores::statistics], by example; the
// examples are those of LanguageScores::units, in that order. Empty where the cell is missing.
using CellStatistics = std::vector<double>;

struct LanguageScores {
  std::string language;
  // [examples with gold]: the unit that each belongs to, see resampling_units().
  std::vector<std::uint32_t> units;
  std::vector<CellStatistics> cells;  // [arms, seeds], by arm
};

// One target, split and score. Memory: 8 bytes a number, so 5 arms, 3 seeds, 40 languages and 5,000
// examples of 3 statistics are 72 MB. Drop statistics that no metric uses.
struct TargetScores {
  std::string target;
  std::vector<std::string> arms;
  std::vector<std::uint64_t> seeds;
  std::size_t statistics = 0;  // how many an example has
  // The score is the mean of these, as in (F1 + exact match) / 2; arguments index the statistics.
  // Ratios, F1 and correlations only.
  std::vector<MetricSpec> metrics;
  std::vector<LanguageScores> languages;

  std::size_t cell(std::size_t arm, std::size_t seed) const { return arm * seeds.size() + seed; }
};

// The score of summed statistics, in percent.
double score_of(const TargetScores& scores, const std::vector<double>& sums);

// Throws Error(kInput) at the target's name where sizes, indices or metrics don't fit, or a
// language is there twice.
void check(const TargetScores& scores);

// How an example is tied to others: translations of one sentence have equal `align`, questions on
// one document equal `cluster`.
struct ExampleTies {
  std::string align;
  std::string cluster;

  bool operator==(const ExampleTies&) const = default;
};

// Examples that aren't independent of each other, directly or through others, are one unit. Numbers
// of units, from 0, for each example of each language; two languages with unrelated examples may
// share a unit, which costs nothing, since their covariance then is near 0.
std::vector<std::vector<std::uint32_t>> resampling_units(
    std::span<const std::vector<ExampleTies>> languages);

}  // namespace sojourn
