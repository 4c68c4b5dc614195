// The words for what a study found, and the numbers that each stands on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/statistics/analysis.h"

namespace sojourn {

enum class Verdict {
  kHarms,
  kHelps,
  kNoDifference,  // beyond the margin
  kUndecided,
  kOneSeed,  // undecided, since the variance over seeds is unknown
  kMissing,  // no seed has scores of both arms
};

// "harms", "helps", "no difference beyond the margin", "undecided", "undecided (one seed)",
// "missing".
std::string verdict_text(Verdict verdict);

struct Judgement {
  Verdict verdict = Verdict::kMissing;
  // After Benjamini and Hochberg over the family; nothing without an inference.
  std::optional<double> q_difference;
  std::optional<double> q_equivalence;
};

struct VerdictRule {
  double margin = 1;    // in points, greater than 0: differences within it don't matter
  double alpha = 0.05;  // the false discovery rate of a family
};

// Judges a family of tests together: all languages of all targets and arms of a study, or all its
// groups. A difference that is shown to lie within the margin is "no difference beyond the margin",
// also where it is shown not to be 0.
std::vector<Judgement> judge(const std::vector<std::optional<Estimate>>& family,
                             const VerdictRule& rule);

}  // namespace sojourn
