// What joined runs say about a study's arms: differences to baselines, by language, by group and
// over all, with a word for each, and what became of the hypotheses. docs/report.md explains it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/report/claims.h"
#include "core/report/target_data.h"
#include "core/statistics/verdict.h"

namespace sojourn {

enum class SubjectKind {
  kLanguage,
  kGroup,     // mean over the languages of a group
  kAll,       // over all languages of the target
  kContrast,  // that over the group "low" less that over "high"
};
inline constexpr const char* kAllLanguages = "all";
inline constexpr const char* kLowMinusHigh = "low - high";

struct Finding {
  std::string arm;
  std::string baseline;
  std::string target;  // "": the mean over targets
  SubjectKind kind = SubjectKind::kLanguage;
  std::string subject;               // a code, a group, kAllLanguages or kLowMinusHigh
  std::vector<std::string> targets;  // that the mean is over; of one target, itself
  std::optional<Estimate> estimate;  // nothing: the scores are missing
  Judgement judgement = {};
};

struct HypothesisFinding {
  Hypothesis hypothesis;             // with baseline, targets and margin filled in
  std::vector<std::string> targets;  // of these, those with scores
  std::optional<Estimate> estimate;
  Outcome outcome = Outcome::kMissing;
  std::optional<double> q;  // of the outcome; of support where undecided
};

// In how many languages of a target an arm helps and harms, at least (Dror et al. 2017).
struct Replicated {
  std::string arm;
  std::string target;
  std::size_t languages = 0;  // with an inference
  std::size_t helps = 0;
  std::size_t harms = 0;
};

struct Findings {
  std::vector<TargetMetric> targets;
  std::vector<std::vector<Score>> scores;                // by target
  std::vector<std::optional<double>> seed_correlations;  // by target, see TargetAnalysis
  std::vector<Finding> languages;                        // one family of tests
  std::vector<Finding> groups;  // another one: all that is no single language
  std::vector<Replicated> replicated;
  std::vector<HypothesisFinding> hypotheses;
  int resamples = 0;
};

struct FindingOptions {
  int threads = 1;
  int resamples = 2000;
  std::uint64_t seed = 1;
  // What is done, "comparing arms on" a target, and how much of it, from 0 to 1; one thread at a
  // time.
  std::function<void(const std::string& what, double share)> progress = {};
};

// Throws Error(kInput) as read_target() does.
Findings find(const JoinedRuns& runs, const FindingOptions& options);

}  // namespace sojourn
