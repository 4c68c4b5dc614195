#include "core/report/findings.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/cancel.h"
#include "core/statistics/multiple_tests.h"

namespace sojourn {

namespace {

using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names among(const Names& names, const Names& those) {
  Names kept;
  for (const auto& name : names) {
    if (holds(those, name)) kept.push_back(name);
  }
  return kept;
}

// The comparisons of a study: every arm with its baseline, then those that hypotheses add.
std::vector<ComparedArm> comparisons_of(const JoinedRuns& runs) {
  std::vector<ComparedArm> made;
  for (const auto& arm : runs.arms) {
    if (arm.name != arm.baseline) made.push_back(arm);
  }
  for (const auto& hypothesis : runs.declared.hypotheses) {
    if (hypothesis.baseline.empty()) continue;
    const auto same = [&](const ComparedArm& one) {
      return one.name == hypothesis.arm && one.baseline == hypothesis.baseline;
    };
    if (std::none_of(made.begin(), made.end(), same))
      made.push_back({hypothesis.arm, hypothesis.baseline});
  }
  return made;
}

std::vector<std::pair<SubjectKind, Subject>> subjects_of(const Grouping& grouping,
                                                         const Names& languages) {
  std::vector<std::pair<SubjectKind, Subject>> made;
  for (const auto& language : languages)
    made.push_back({SubjectKind::kLanguage, {language, {language}, {}}});
  made.push_back({SubjectKind::kAll, {kAllLanguages, languages, {}}});
  std::map<std::string, Names> groups;
  for (const auto& group : grouping.groups) {
    const Names members = among(group.languages, languages);
    if (members.empty()) continue;
    made.push_back({SubjectKind::kGroup, {group.name, members, {}}});
    groups[group.name] = members;
  }
  if (groups.contains("low") && groups.contains("high"))
    made.push_back({SubjectKind::kContrast, {kLowMinusHigh, groups["low"], groups["high"]}});
  return made;
}

// The languages of a target that a hypothesis is about.
Names languages_of(const Hypothesis& hypothesis, const Grouping& grouping, const Names& languages) {
  if (!hypothesis.languages.empty()) return among(hypothesis.languages, languages);
  if (hypothesis.group.empty()) return languages;
  for (const auto& group : grouping.groups) {
    if (group.name == hypothesis.group) return among(group.languages, languages);
  }
  return {};
}

std::size_t place_of(const Names& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

class Finder {
 public:
  Finder(const JoinedRuns& runs, const FindingOptions& options)
      : runs_(runs), options_(options), comparisons_(comparisons_of(runs)) {
    for (const auto& hypothesis : runs.declared.hypotheses) {
      HypothesisFinding finding;
      finding.hypothesis = hypothesis;
      for (const auto& arm : runs.arms) {
        if (arm.name == hypothesis.arm && hypothesis.baseline.empty())
          finding.hypothesis.baseline = arm.baseline;
      }
      if (hypothesis.targets.empty()) {
        for (const auto& target : runs.targets) finding.hypothesis.targets.push_back(target.name);
      }
      if (!hypothesis.margin) finding.hypothesis.margin = runs.declared.margin;
      found_.hypotheses.push_back(std::move(finding));
    }
    of_hypotheses_.resize(found_.hypotheses.size());
  }

  Findings find() {
    found_.resamples = options_.resamples;
    for (const Target& target : runs_.targets) {
      throw_if_interrupted();
      add_target(metric_of(target, runs_.declared));
    }
    add_means();
    judge_family(found_.languages);
    judge_family(found_.groups);
    count_replications();
    judge_hypotheses();
    return std::move(found_);
  }

 private:
  void add_target(TargetMetric metric) {
    auto scores = scores_of(runs_, metric);
    const TargetScores data = read_target(runs_, metric, scores, options_.threads,
                                          progress_of("reading predictions of " + metric.target));
    Names languages;
    for (const auto& language : data.languages) languages.push_back(language.language);
    const auto subjects = subjects_of(runs_.declared.grouping, languages);
    std::vector<Subject> all;
    for (const auto& entry : subjects) all.push_back(entry.second);
    const auto first_hypothesis = all.size();
    for (const auto& finding : found_.hypotheses) {
      const bool meant = holds(finding.hypothesis.targets, metric.target);
      all.push_back(
          {finding.hypothesis.name,
           meant ? languages_of(finding.hypothesis, runs_.declared.grouping, languages) : Names(),
           {}});
    }
    auto analysis = analyse_target(data, all);
    for (std::size_t c = 0; c < comparisons_.size(); ++c) {
      for (std::size_t s = 0; s < subjects.size(); ++s)
        add_finding(metric, c, subjects[s], std::move(analysis.estimates[c][s]));
      for (std::size_t h = 0; h < found_.hypotheses.size(); ++h)
        add_to_hypothesis(h, c, metric, std::move(analysis.estimates[c][first_hypothesis + h]));
    }
    found_.targets.push_back(std::move(metric));
    found_.scores.push_back(std::move(scores));
    found_.seed_correlations.push_back(analysis.seed_correlation);
  }

  std::function<void(double)> progress_of(std::string what) const {
    return [this, what = std::move(what)](double share) {
      if (options_.progress) options_.progress(what, share);
    };
  }

  // Subjects without languages have no estimate.
  TargetAnalysis analyse_target(const TargetScores& data, const std::vector<Subject>& subjects) {
    std::vector<Comparison> pairs;
    for (const auto& pair : comparisons_)
      pairs.push_back({place_of(data.arms, pair.name), place_of(data.arms, pair.baseline)});
    std::vector<Subject> asked;
    for (const auto& subject : subjects) {
      if (!subject.plus.empty()) asked.push_back(subject);
    }
    const AnalysisOptions options{options_.resamples, options_.seed, options_.threads,
                                  progress_of("comparing arms on " + data.target)};
    TargetAnalysis made{{}, {}};
    made.estimates.resize(comparisons_.size());
    for (auto& list : made.estimates) list.resize(subjects.size());
    if (asked.empty() || pairs.empty()) return made;
    TargetAnalysis analysis = analyse(data, pairs, asked, options);
    made.seed_correlation = analysis.seed_correlation;
    for (std::size_t c = 0; c < pairs.size(); ++c) {
      std::size_t next = 0;
      for (std::size_t s = 0; s < subjects.size(); ++s) {
        if (!subjects[s].plus.empty())
          made.estimates[c][s] = std::move(analysis.estimates[c][next++]);
      }
    }
    return made;
  }

  void add_finding(const TargetMetric& metric, std::size_t c,
                   const std::pair<SubjectKind, Subject>& subject,
                   std::optional<Estimate> estimate) {
    const ComparedArm& pair = comparisons_[c];
    if (!is_arms_own(pair)) return;
    Finding finding{pair.name,           pair.baseline,   metric.target,      subject.first,
                    subject.second.name, {metric.target}, std::move(estimate)};
    auto& family = subject.first == SubjectKind::kLanguage ? found_.languages : found_.groups;
    family.push_back(std::move(finding));
  }

  bool is_arms_own(const ComparedArm& pair) const {
    return std::any_of(runs_.arms.begin(), runs_.arms.end(), [&](const ComparedArm& arm) {
      return arm.name == pair.name && arm.baseline == pair.baseline;
    });
  }

  void add_to_hypothesis(std::size_t h, std::size_t c, const TargetMetric& metric,
                         std::optional<Estimate> estimate) {
    HypothesisFinding& finding = found_.hypotheses[h];
    const ComparedArm& pair = comparisons_[c];
    if (pair.name != finding.hypothesis.arm || pair.baseline != finding.hypothesis.baseline) return;
    if (!estimate) return;
    finding.targets.push_back(metric.target);
    of_hypotheses_[h].push_back(std::move(*estimate));
  }

  // Over the targets, of each arm and group.
  void add_means() {
    std::vector<Finding> means;
    for (const ComparedArm& pair : comparisons_) {
      if (!is_arms_own(pair)) continue;
      Names done;
      for (const Finding& one : found_.groups) {
        if (one.arm != pair.name || holds(done, one.subject)) continue;
        done.push_back(one.subject);
        means.push_back(mean_of(one));
      }
    }
    found_.groups.insert(found_.groups.end(), std::make_move_iterator(means.begin()),
                         std::make_move_iterator(means.end()));
  }

  // Of no `targets` where they share no seed.
  static std::optional<Estimate> mean_of(const std::vector<const Estimate*>& estimates,
                                         Names& targets) {
    auto mean = estimates.empty() ? std::nullopt : mean_over_targets(estimates);
    if (!mean) targets.clear();
    return mean;
  }

  Finding mean_of(const Finding& like) const {
    Finding mean{like.arm, like.baseline, "", like.kind, like.subject, {}, {}};
    std::vector<const Estimate*> estimates;
    for (const Finding& one : found_.groups) {
      if (one.arm != like.arm || one.subject != like.subject || !one.estimate) continue;
      estimates.push_back(&*one.estimate);
      mean.targets.push_back(one.target);
    }
    mean.estimate = mean_of(estimates, mean.targets);
    return mean;
  }

  void judge_family(std::vector<Finding>& family) const {
    std::vector<std::optional<Estimate>> estimates;
    for (Finding& one : family) estimates.push_back(std::move(one.estimate));
    auto judgements = judge(estimates, {.margin = runs_.declared.margin});
    for (std::size_t i = 0; i < family.size(); ++i) {
      family[i].estimate = std::move(estimates[i]);
      family[i].judgement = judgements[i];
    }
  }

  void count_replications() {
    for (const ComparedArm& pair : comparisons_) {
      if (!is_arms_own(pair)) continue;
      for (const TargetMetric& metric : found_.targets) {
        std::vector<double> helps;
        std::vector<double> harms;
        for (const Finding& one : found_.languages) {
          if (one.arm != pair.name || one.target != metric.target) continue;
          if (!one.estimate || !one.estimate->inference) continue;
          helps.push_back(one.estimate->inference->p_above(0));
          harms.push_back(one.estimate->inference->p_below(0));
        }
        if (helps.empty()) continue;
        found_.replicated.push_back({pair.name, metric.target, helps.size(),
                                     replicability_count(helps), replicability_count(harms)});
      }
    }
  }

  void judge_hypotheses() {
    std::vector<Claim> claims;
    std::vector<HypothesisFinding*> tested;
    for (std::size_t h = 0; h < found_.hypotheses.size(); ++h) {
      HypothesisFinding& finding = found_.hypotheses[h];
      std::vector<const Estimate*> estimates;
      for (const Estimate& one : of_hypotheses_[h]) estimates.push_back(&one);
      finding.estimate = mean_of(estimates, finding.targets);
      if (!finding.estimate) continue;
      finding.outcome = Outcome::kOneSeed;
      if (!finding.estimate->inference) continue;
      claims.push_back({&finding.hypothesis, *finding.estimate->inference});
      tested.push_back(&finding);
    }
    const auto judgements = judge_claims(claims);
    for (std::size_t i = 0; i < tested.size(); ++i) {
      tested[i]->outcome = judgements[i].outcome;
      tested[i]->q = judgements[i].q;
    }
  }

  const JoinedRuns& runs_;
  const FindingOptions& options_;
  std::vector<ComparedArm> comparisons_;
  std::vector<std::vector<Estimate>> of_hypotheses_;  // by target
  Findings found_;
};

}  // namespace

Findings find(const JoinedRuns& runs, const FindingOptions& options) {
  return Finder(runs, options).find();
}

}  // namespace sojourn
