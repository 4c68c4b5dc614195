#include "core/report/claims.h"

#include <algorithm>

#include "core/statistics/multiple_tests.h"

namespace sojourn {

namespace {

// One-sided p-values: small where the data speak for the claim, and against it.
struct ClaimTests {
  double support = 1;
  double contradiction = 1;
};

ClaimTests tests_of(const Hypothesis& hypothesis, const Inference& found) {
  const double margin = hypothesis.margin.value();
  const double no_harm = found.p_above(-margin);
  const double no_gain = found.p_below(margin);
  const double real_harm = found.p_below(-margin);
  const double real_gain = found.p_above(margin);
  if (hypothesis.direction == "helps") return {found.p_above(0), no_gain};
  if (hypothesis.direction == "harms") return {found.p_below(0), no_harm};
  if (hypothesis.direction == "no harm") return {no_harm, real_harm};
  if (hypothesis.direction == "no gain") return {no_gain, real_gain};
  return {std::max(no_harm, no_gain), std::min(real_harm, real_gain)};
}

double two_sided(double p) { return std::min(1.0, 2 * p); }

}  // namespace

std::string outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSupported:
      return "supported";
    case Outcome::kContradicted:
      return "contradicted";
    case Outcome::kUndecided:
      return "undecided";
    case Outcome::kOneSeed:
      return "undecided (one seed)";
    case Outcome::kMissing:
      break;
  }
  return "missing";
}

std::vector<ClaimJudgement> judge_claims(const std::vector<Claim>& claims) {
  constexpr double kAlpha = 0.05;
  std::vector<double> support;
  std::vector<double> contradiction;
  for (const Claim& claim : claims) {
    const auto tests = tests_of(*claim.hypothesis, claim.found);
    support.push_back(two_sided(tests.support));
    contradiction.push_back(two_sided(tests.contradiction));
  }
  const std::vector<double> alone = support;
  support = benjamini_hochberg(support);
  contradiction = benjamini_hochberg(contradiction);
  std::vector<ClaimJudgement> made;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    // What would be supported if it stood alone isn't contradicted for having company.
    const bool against = contradiction[i] <= kAlpha && alone[i] > kAlpha;
    const Outcome outcome = support[i] <= kAlpha ? Outcome::kSupported
                            : against            ? Outcome::kContradicted
                                                 : Outcome::kUndecided;
    made.push_back({outcome, outcome == Outcome::kContradicted ? contradiction[i] : support[i]});
  }
  return made;
}

}  // namespace sojourn
