#include "core/statistics/verdict.h"

#include "core/base/error.h"
#include "core/statistics/multiple_tests.h"

namespace sojourn {

namespace {

Verdict verdict_of(const Estimate& estimate, const Judgement& judgement, double alpha) {
  if (*judgement.q_equivalence <= alpha) return Verdict::kNoDifference;
  if (*judgement.q_difference > alpha) return Verdict::kUndecided;
  return estimate.difference < 0 ? Verdict::kHarms : Verdict::kHelps;
}

}  // namespace

std::string verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHarms:
      return "harms";
    case Verdict::kHelps:
      return "helps";
    case Verdict::kNoDifference:
      return "no difference beyond the margin";
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kOneSeed:
      return "undecided (one seed)";
    case Verdict::kMissing:
      break;
  }
  return "missing";
}

std::vector<Judgement> judge(const std::vector<std::optional<Estimate>>& family,
                             const VerdictRule& rule) {
  if (!(rule.margin > 0)) {
    throw Error(ErrorKind::kInternal, "judge",
                "the margin is " + std::to_string(rule.margin) + ", not greater than 0");
  }
  std::vector<double> difference;
  std::vector<double> equivalence;
  for (const auto& estimate : family) {
    if (!estimate || !estimate->inference) continue;
    difference.push_back(estimate->inference->p_difference());
    equivalence.push_back(estimate->inference->p_equivalence(rule.margin));
  }
  difference = benjamini_hochberg(difference);
  equivalence = benjamini_hochberg(equivalence);
  std::vector<Judgement> judgements;
  std::size_t next = 0;
  for (const auto& estimate : family) {
    Judgement& judgement = judgements.emplace_back();
    if (!estimate) continue;
    judgement.verdict = Verdict::kOneSeed;
    if (!estimate->inference) continue;
    judgement.q_difference = difference[next];
    judgement.q_equivalence = equivalence[next++];
    judgement.verdict = verdict_of(*estimate, judgement, rule.alpha);
  }
  return judgements;
}

}  // namespace sojourn
