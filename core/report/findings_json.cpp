// What the findings say, as JSON.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/report/report_json.h"

namespace sojourn {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

const char* kind_text(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kLanguage:
      return "language";
    case SubjectKind::kGroup:
      return "group";
    case SubjectKind::kAll:
      return "all";
    case SubjectKind::kContrast:
      break;
  }
  return "contrast";
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Nine digits, which no reader needs more of, so that a page of many numbers stays small.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, 8 - std::floor(std::log10(std::abs(value))));
  return std::isfinite(scale) ? std::round(value * scale) / scale : value;
}

Json rounded(const std::optional<double>& value) { return value ? Json(rounded(*value)) : Json(); }

Json rounded(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(rounded(value));
  return list;
}

// The numbers of an estimate; null where there is none. Of one language, the scores by seed are
// among the report's scores.
Json estimate_json(const std::optional<Estimate>& estimate, bool one_language = false) {
  Json json{{"difference", nullptr}, {"low", nullptr}, {"high", nullptr}};
  if (!estimate) return json;
  json["difference"] = rounded(estimate->difference);
  if (estimate->inference) {
    const Interval interval = estimate->inference->interval();
    json["low"] = rounded(interval.low);
    json["high"] = rounded(interval.high);
    json["standard_error"] = rounded(estimate->inference->standard_error);
    json["df"] = rounded(estimate->inference->df);
    json["p"] = rounded(estimate->inference->p_difference());
  }
  json["examples_low"] = rounded(estimate->examples_only.low);
  json["examples_high"] = rounded(estimate->examples_only.high);
  json["arm_score"] = rounded(mean(estimate->arm_scores));
  json["baseline_score"] = rounded(mean(estimate->baseline_scores));
  json["seeds"] = estimate->seeds;
  json["examples"] = estimate->examples;
  json["units"] = estimate->units;
  json["seed_variance"] = rounded(estimate->seed_variance);
  json["example_variance"] = rounded(estimate->example_variance);
  if (one_language) return json;
  json["arm_scores"] = rounded(estimate->arm_scores);
  json["baseline_scores"] = rounded(estimate->baseline_scores);
  json["languages"] = estimate->plus;
  if (!estimate->minus.empty()) json["minus"] = estimate->minus;
  return json;
}

Json finding_json(const Finding& finding) {
  Json json{{"arm", finding.arm},
            {"baseline", finding.baseline},
            {"target", finding.target.empty() ? Json() : Json(finding.target)},
            {"kind", kind_text(finding.kind)},
            {"subject", finding.subject},
            {"verdict", verdict_text(finding.judgement.verdict)},
            {"q", rounded(finding.judgement.q_difference)},
            {"q_equivalence", rounded(finding.judgement.q_equivalence)}};
  if (finding.target.empty()) json["targets"] = finding.targets;
  json.update(estimate_json(finding.estimate, finding.kind == SubjectKind::kLanguage));
  return json;
}

Json findings_list(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const auto& finding : findings) list.push_back(finding_json(finding));
  return list;
}

Json hypotheses_json(const std::vector<HypothesisFinding>& findings) {
  Json list = Json::array();
  for (const auto& finding : findings) {
    const Hypothesis& hypothesis = finding.hypothesis;
    Json json{{"name", hypothesis.name},
              {"claim", hypothesis.claim},
              {"arm", hypothesis.arm},
              {"baseline", hypothesis.baseline},
              {"direction", hypothesis.direction},
              {"margin", or_null(hypothesis.margin)},
              {"about_targets", hypothesis.targets},
              {"targets", finding.targets},
              {"about_languages", hypothesis.languages},
              {"group", hypothesis.group},
              {"published", or_null(hypothesis.published)},
              {"source", hypothesis.source},
              {"outcome", outcome_text(finding.outcome)},
              {"q", rounded(finding.q)}};
    json.update(estimate_json(finding.estimate));
    list.push_back(std::move(json));
  }
  return list;
}

// One for each arm and language, with its values by seed.
Json scores_json(const TargetMetric& metric, const std::vector<Score>& scores) {
  std::map<std::pair<std::string, std::string>, Json> cells;
  for (const Score& score : scores) {
    Json& cell = cells[{score.arm, score.language}];
    if (cell.is_null()) {
      cell = {{"target", metric.target},
              {"arm", score.arm},
              {"language", score.language},
              {"n", score.n},
              {"values", Json::object()}};
    }
    const std::string seed = std::to_string(score.seed);
    cell["values"][seed] = score.value;
    if (score.layer) cell["layers"][seed] = *score.layer;
  }
  Json list = Json::array();
  for (auto& entry : cells) list.push_back(std::move(entry.second));
  return list;
}

// The rows of all layers of a target, in the languages and seeds that all arms have.
std::vector<const ResultRow*> common_layer_rows(const JoinedRuns& runs,
                                                const TargetMetric& metric) {
  std::vector<const ResultRow*> rows;
  std::map<std::pair<std::string, std::uint64_t>, std::set<std::string>> arms;  // of each cell
  std::set<std::string> all_arms;
  for (const RunFolder& run : runs.runs) {
    for (const ResultRow& row : run.layer_rows) {
      const bool meant = row.target == metric.target && row.split == metric.split &&
                         row.metric == metric.metric && row.profile == metric.profile;
      if (!meant || !row.layer) continue;
      rows.push_back(&row);
      arms[{row.language, row.seed}].insert(row.arm);
      all_arms.insert(row.arm);
    }
  }
  std::erase_if(rows, [&](const ResultRow* row) {
    return arms.at({row->language, row->seed}).size() < all_arms.size();
  });
  return rows;
}

// By layer, means over languages and seeds, of targets that sweep over layers.
Json layers_json(const JoinedRuns& runs, const std::vector<TargetMetric>& targets) {
  Json list = Json::array();
  for (const TargetMetric& metric : targets) {
    std::map<std::pair<std::string, std::int64_t>, std::vector<double>> values;
    for (const ResultRow* row : common_layer_rows(runs, metric))
      values[{row->arm, *row->layer}].push_back(row->value);
    for (const auto& arm : runs.arms) {
      Json points = Json::array();
      for (const auto& [place, all] : values) {
        if (place.first == arm.name) points.push_back({place.second, mean(all)});
      }
      if (!points.empty())
        list.push_back({{"target", metric.target}, {"arm", arm.name}, {"points", points}});
    }
  }
  return list;
}

Json targets_json(const JoinedRuns& runs, const Findings& findings) {
  Json list = Json::array();
  for (std::size_t t = 0; t < findings.targets.size(); ++t) {
    const TargetMetric& metric = findings.targets[t];
    std::set<std::string> languages;
    for (const Score& score : findings.scores[t]) languages.insert(score.language);
    list.push_back({{"name", metric.target},
                    {"task", metric.task},
                    {"split", metric.split},
                    {"metric", metric.metric},
                    {"profile", metric.profile},
                    {"trained", runs.targets[t].train},
                    {"languages", languages},
                    {"seed_correlation", or_null(findings.seed_correlations[t])}});
  }
  return list;
}

std::set<std::string> scored_languages(const Findings& findings) {
  std::set<std::string> languages;
  for (const auto& scores : findings.scores) {
    for (const Score& score : scores) languages.insert(score.language);
  }
  return languages;
}

// Of those that are scored: names, values, groups, and which are in none.
void add_languages(const Declared& declared, const std::set<std::string>& scored, Json& json) {
  Json groups = Json::array();
  std::map<std::string, std::string> group_of;
  for (const auto& group : declared.grouping.groups) {
    Json members = Json::array();
    for (const auto& code : group.languages) {
      if (!scored.contains(code)) continue;
      members.push_back(code);
      group_of[code] = group.name;
    }
    groups.push_back({{"name", group.name}, {"rule", group.rule}, {"languages", members}});
  }
  Json list = Json::array();
  Json ungrouped = Json::array();
  for (const auto& code : scored) {
    Json made{{"code", code}, {"name", code}, {"group", nullptr}};
    const auto facts = declared.languages.languages.find(code);
    if (facts != declared.languages.languages.end()) {
      made["name"] = facts->second.name;
      for (const auto& [measure, value] : facts->second.values)
        std::visit([&](const auto& one) { made["values"][measure] = one; }, value);
    }
    if (group_of.contains(code)) {
      made["group"] = group_of.at(code);
    } else {
      ungrouped.push_back(code);
    }
    list.push_back(std::move(made));
  }
  json["languages"] = std::move(list);
  for (const auto& [name, measure] : declared.languages.measures)
    json["measures"][name] = {{"about", measure.about}, {"source", measure.source}};
  json["grouping"] = {{"measure", declared.grouping.measure},
                      {"about", declared.grouping.of_measure.about},
                      {"source", declared.grouping.of_measure.source},
                      {"groups", std::move(groups)},
                      {"ungrouped", std::move(ungrouped)}};
}

}  // namespace

Json findings_json(const JoinedRuns& runs, const Findings& findings) {
  Json json{{"targets", targets_json(runs, findings)}};
  add_languages(runs.declared, scored_languages(findings), json);
  json["scores"] = Json::array();
  for (std::size_t t = 0; t < findings.targets.size(); ++t) {
    for (auto& cell : scores_json(findings.targets[t], findings.scores[t]))
      json["scores"].push_back(std::move(cell));
  }
  json["differences"] = findings_list(findings.languages);
  json["groups"] = findings_list(findings.groups);
  json["replicated"] = Json::array();
  for (const Replicated& one : findings.replicated) {
    json["replicated"].push_back({{"arm", one.arm},
                                  {"target", one.target},
                                  {"languages", one.languages},
                                  {"helps", one.helps},
                                  {"harms", one.harms}});
  }
  json["hypotheses"] = hypotheses_json(findings.hypotheses);
  json["layers"] = layers_json(runs, findings.targets);
  return json;
}

}  // namespace sojourn
