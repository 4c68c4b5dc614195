// Whether a difference bears out what a hypothesis says of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/study.h"
#include "core/statistics/inference.h"

namespace sojourn {

enum class Outcome { kSupported, kContradicted, kUndecided, kOneSeed, kMissing };

// "supported", "contradicted", "undecided", "undecided (one seed)", "missing".
std::string outcome_text(Outcome outcome);

// A hypothesis, which must have a margin, and the difference that was found.
struct Claim {
  const Hypothesis* hypothesis = nullptr;
  Inference found;
};

struct ClaimJudgement {
  Outcome outcome = Outcome::kUndecided;
  double q = 1;  // of the outcome, after Benjamini and Hochberg; of support where undecided
};

// Judges all claims of a study together, with a false discovery rate of 5 %. The p-values are
// two-sided, so that a single claim goes with the 95 % interval:
//   "helps"          supported where the interval is above 0, contradicted where it is below the
//                    margin without that; "harms" likewise
//   "no harm"        supported above -margin, contradicted below it; "no gain" likewise
//   "no difference"  supported within the margin, contradicted beyond it
std::vector<ClaimJudgement> judge_claims(const std::vector<Claim>& claims);

}  // namespace sojourn
