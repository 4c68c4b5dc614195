// Differences between arms on a target: what they are, and how far seeds and test examples make
// them uncertain. docs/statistics.md has the method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/statistics/inference.h"
#include "core/statistics/target_scores.h"

namespace sojourn {

// An arm that has all seeds of an estimate.
struct ArmScores {
  std::vector<double> scores;  // by seed, in percent
  // What noise of single examples adds to the variance over seeds of its difference to the
  // baseline, in squared points.
  double noise = 0;
};

// Variances of the difference between two arms in a single run of each, in squared points.
struct RunVariance {
  double over_seeds = 0;  // of the difference over seeds
  double shared = 0;      // the part of it that the mean over arms has, too
  double noise = 0;       // the part of it that is noise of single examples
  double examples = 0;    // of the seed-averaged difference, by the choice of examples
};

// The mean over so many languages, each with its own.
struct TypicalVariance {
  RunVariance one;
  std::size_t languages = 0;
  bool less_steady = false;  // than the mean over arms: seeds count for more in the compared one
};

// What the variance of a difference is estimated from, which mean_over_targets() needs again.
struct EstimateParts {
  std::string arm;
  std::string baseline;
  // The compared ones, and those that aren't clearly more or less steady.
  std::map<std::string, ArmScores> arms;
  double example_df = 0;  // degrees of freedom of the example variance
  // Of single languages of the target, on average, which is steadier than that of any one.
  std::optional<TypicalVariance> typical;
  std::vector<float> resampled;  // the difference in each resample of the examples
};

struct Comparison {
  std::size_t arm = 0;       // indices into TargetScores::arms
  std::size_t baseline = 0;  // another one
};

// What is compared: the mean score over `plus`, less that over `minus` if there is any. One
// language; a group; all; low- against high-resource.
struct Subject {
  std::string name;
  std::vector<std::string> plus;
  std::vector<std::string> minus;
};

// arm - baseline, in points.
struct Estimate {
  double difference = 0;
  std::vector<std::uint64_t> seeds;  // that both arms have in all languages; only these count
  // By seed, in percent; of a subject with `minus`, differences of two means.
  std::vector<double> arm_scores;
  std::vector<double> baseline_scores;
  std::vector<std::string> plus;  // languages that both arms have at some seed; others are left out
  std::vector<std::string> minus;
  std::size_t examples = 0;  // of these languages
  std::size_t units = 0;     // independent ones: documents, or sentences with all translations

  // Parts of the variance of the difference, in squared points.
  double example_variance = 0;
  double seed_variance = 0;  // may be negative; 0 where there is one seed: it is unknown
  Interval examples_only;    // 95 %, from resampled examples alone: about these very seeds
  std::optional<Inference> inference;  // from two shared seeds on

  EstimateParts parts;
};

struct AnalysisOptions {
  int resamples = 2000;                             // for Estimate::examples_only
  std::uint64_t seed = 1;                           // of the resamples
  int threads = 1;                                  // changes no number
  std::function<void(double share)> progress = {};  // of this target, from 0 to 1; one thread calls
};

struct TargetAnalysis {
  // By comparison, then by subject; nothing where no seed has the languages.
  std::vector<std::vector<std::optional<Estimate>>> estimates;
  // Of the scores of two arms over shared seeds, on average over arms and languages; nothing where
  // there is one seed or no complete language. For the reader: estimates use it through the
  // differences by seed and assume nothing about it.
  std::optional<double> seed_correlation;
};

TargetAnalysis analyse(const TargetScores& scores, std::span<const Comparison> comparisons,
                       std::span<const Subject> subjects, const AnalysisOptions& options);

// The mean difference of one comparison over targets with unrelated test sets, by the seeds that
// all of them have; nothing where they share none. Takes at least one estimate.
std::optional<Estimate> mean_over_targets(std::span<const Estimate* const> estimates);

}  // namespace sojourn
