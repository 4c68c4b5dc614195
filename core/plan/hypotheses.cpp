#include "core/plan/hypotheses.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/text.h"

namespace sojourn {

namespace {

using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The languages that a study scores, by target.
std::map<std::string, std::set<std::string>> scored_languages(const Plan& plan) {
  std::map<std::string, std::set<std::string>> scored;
  for (const auto& stage : plan.stages) {
    for (const auto& scoring : stage.scorings) {
      for (const auto& cell : scoring.cells) scored[cell.target].insert(scoring.data.language);
    }
  }
  return scored;
}

void check_languages(const Hypothesis& hypothesis, const Names& scored) {
  for (const auto& language : hypothesis.languages) {
    if (holds(scored, language)) continue;
    throw input_error(hypothesis.where_of("languages"),
                      "'languages' of the hypothesis '" + hypothesis.name + "' names '" + language +
                          "', in which none of its targets is scored; expected one of: " +
                          join(scored, ", ") + did_you_mean(language, scored));
  }
}

void check_group(const Hypothesis& hypothesis, const Grouping& grouping, const Names& scored) {
  for (const auto& group : grouping.groups) {
    if (group.name != hypothesis.group) continue;
    for (const auto& language : group.languages) {
      if (holds(scored, language)) return;
    }
    throw input_error(hypothesis.where_of("group"),
                      "'group' of the hypothesis '" + hypothesis.name + "' is '" + group.name +
                          "' (" + group.rule +
                          "), and none of its targets is scored in a language " +
                          "of it; scored are: " + join(scored, ", "));
  }
}

}  // namespace

void check_hypotheses(const Study& study, const Grouping& grouping, const Plan& plan) {
  const auto by_target = scored_languages(plan);
  for (const auto& hypothesis : study.hypotheses) {
    std::set<std::string> scored;
    for (const auto& [target, languages] : by_target) {
      const bool meant =
          hypothesis.targets.empty() ? !target.empty() : holds(hypothesis.targets, target);
      if (meant) scored.insert(languages.begin(), languages.end());
    }
    if (scored.empty()) continue;  // the plan already says that the data isn't there
    const Names names(scored.begin(), scored.end());
    check_languages(hypothesis, names);
    check_group(hypothesis, grouping, names);
  }
}

}  // namespace sojourn
