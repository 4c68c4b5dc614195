#include "core/report/declared.h"

#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"

namespace sojourn {

namespace {

using Json = nlohmann::ordered_json;

const std::map<std::string, MetricSpec::How>& hows() {
  static const std::map<std::string, MetricSpec::How> names{{"ratio", MetricSpec::How::kRatio},
                                                            {"f1", MetricSpec::How::kF1},
                                                            {"margin", MetricSpec::How::kMargin},
                                                            {"pearson", MetricSpec::How::kPearson}};
  return names;
}

Json metrics_json(const TaskMetrics& task) {
  Json list = Json::array();
  for (const auto& metric : task.metrics) {
    Json made{{"metric", metric.name}, {"profile", metric.profile}};
    for (const auto& [name, how] : hows()) {
      if (how == metric.how) made["how"] = name;
    }
    made["arguments"] = metric.arguments;
    made["primary"] = metric.primary;
    list.push_back(std::move(made));
  }
  return {{"statistics", task.statistics}, {"metrics", std::move(list)}};
}

TaskMetrics task_metrics(const Json& json) {
  TaskMetrics made{json.at("statistics").get<std::vector<std::string>>(), {}};
  for (const auto& one : json.at("metrics")) {
    MetricSpec metric;
    metric.name = one.at("metric").get<std::string>();
    metric.profile = one.at("profile").get<std::string>();
    metric.how = hows().at(one.at("how").get<std::string>());
    metric.arguments = one.at("arguments").get<std::vector<std::size_t>>();
    metric.primary = one.at("primary").get<bool>();
    for (const std::size_t argument : metric.arguments) {
      if (argument >= made.statistics.size())
        throw std::out_of_range("a metric's argument is beyond the statistics");
    }
    made.metrics.push_back(std::move(metric));
  }
  return made;
}

Json languages_json(const LanguageCatalog& table) {
  Json json{{"measures", Json::object()}, {"languages", Json::object()}};
  for (const auto& [name, measure] : table.measures) {
    json["measures"][name] = {
        {"about", measure.about}, {"source", measure.source}, {"in_numbers", measure.in_numbers}};
  }
  for (const auto& [code, facts] : table.languages) {
    Json& made = json["languages"][code];
    made["name"] = facts.name;
    for (const auto& [measure, value] : facts.values) {
      std::visit([&](const auto& one) { made[measure] = one; }, value);
    }
  }
  return json;
}

LanguageCatalog language_table(const Json& json) {
  LanguageCatalog table;
  for (const auto& [name, measure] : json.at("measures").items()) {
    table.measures[name] = {measure.at("about").get<std::string>(),
                            measure.at("source").get<std::string>(),
                            measure.at("in_numbers").get<bool>()};
  }
  for (const auto& [code, made] : json.at("languages").items()) {
    LanguageFacts& facts = table.languages[code];
    for (const auto& [key, value] : made.items()) {
      if (key == "name") {
        facts.name = value.get<std::string>();
      } else if (value.is_number()) {
        facts.values[key] = value.get<double>();
      } else {
        facts.values[key] = value.get<std::string>();
      }
    }
  }
  return table;
}

Json grouping_json(const Grouping& grouping) {
  Json groups = Json::array();
  for (const auto& group : grouping.groups) {
    groups.push_back({{"name", group.name}, {"rule", group.rule}, {"languages", group.languages}});
  }
  return {{"measure", grouping.measure},
          {"about", grouping.of_measure.about},
          {"source", grouping.of_measure.source},
          {"in_numbers", grouping.of_measure.in_numbers},
          {"groups", std::move(groups)}};
}

Grouping grouping_of(const Json& json) {
  Grouping made{json.at("measure").get<std::string>(),
                {json.at("about").get<std::string>(), json.at("source").get<std::string>(),
                 json.at("in_numbers").get<bool>()},
                {}};
  for (const auto& group : json.at("groups")) {
    made.groups.push_back({group.at("name").get<std::string>(), group.at("rule").get<std::string>(),
                           group.at("languages").get<std::vector<std::string>>()});
  }
  return made;
}

Json hypothesis_json(const Hypothesis& hypothesis) {
  Json made{{"name", hypothesis.name},
            {"claim", hypothesis.claim},
            {"arm", hypothesis.arm},
            {"baseline", hypothesis.baseline},
            {"targets", hypothesis.targets},
            {"languages", hypothesis.languages},
            {"group", hypothesis.group},
            {"direction", hypothesis.direction},
            {"margin", nullptr},
            {"published", nullptr},
            {"source", hypothesis.source}};
  if (hypothesis.margin) made["margin"] = *hypothesis.margin;
  if (hypothesis.published) made["published"] = *hypothesis.published;
  return made;
}

Hypothesis hypothesis_of(const Json& json) {
  Hypothesis made;
  for (const auto& [key, member] :
       {std::pair("name", &made.name), std::pair("claim", &made.claim), std::pair("arm", &made.arm),
        std::pair("baseline", &made.baseline), std::pair("group", &made.group),
        std::pair("direction", &made.direction), std::pair("source", &made.source)}) {
    *member = json.at(key).get<std::string>();
  }
  made.targets = json.at("targets").get<std::vector<std::string>>();
  made.languages = json.at("languages").get<std::vector<std::string>>();
  if (!json.at("margin").is_null()) made.margin = json.at("margin").get<double>();
  if (!json.at("published").is_null()) made.published = json.at("published").get<double>();
  return made;
}

Json declarations_json(const Declared& declared) {
  Json json{{"baseline", declared.baseline}, {"margin", declared.margin}};
  json["grouping"] = grouping_json(declared.grouping);
  json["hypotheses"] = Json::array();
  for (const auto& hypothesis : declared.hypotheses)
    json["hypotheses"].push_back(hypothesis_json(hypothesis));
  json["tasks"] = Json::object();
  for (const auto& [name, task] : declared.tasks) json["tasks"][name] = metrics_json(task);
  json["table"] = languages_json(declared.languages);
  return json;
}

Declared declared_of(const Json& json) {
  Declared made;
  made.scores = json.at("scores").get<std::int64_t>();
  made.scores_before = json.at("scores_before").get<std::int64_t>();
  made.baseline = json.at("baseline").get<std::string>();
  made.margin = json.at("margin").get<double>();
  made.grouping = grouping_of(json.at("grouping"));
  for (const auto& one : json.at("hypotheses")) made.hypotheses.push_back(hypothesis_of(one));
  for (const auto& [name, task] : json.at("tasks").items()) made.tasks[name] = task_metrics(task);
  made.languages = language_table(json.at("table"));
  return made;
}

}  // namespace

std::string to_json(const Declared& declared) {
  Json json{{"scores", declared.scores}, {"scores_before", declared.scores_before}};
  json.update(declarations_json(declared));
  return json.dump(1) + "\n";
}

Declared read_declared(const std::filesystem::path& file) {
  try {
    return declared_of(Json::parse(read_file(file)));
  } catch (const nlohmann::json::exception& error) {
    throw input_error(file.string(), std::string("not what a run declared: ") + error.what());
  } catch (const std::out_of_range&) {
    throw input_error(file.string(), "a metric names a statistic that isn't there");
  }
}

Study without_places(Study study) {
  study.seeds = {1};
  study.keep = Study().keep;
  study.checkpoint = {};
  study.encoder_written = study.data_root_written = study.languages_written = "";
  return study;
}

bool same_metrics(const TaskMetrics& a, const TaskMetrics& b) {
  return metrics_json(a) == metrics_json(b);
}

bool same_declarations(Declared a, Declared b) {
  a.tasks.clear();
  b.tasks.clear();
  return declarations_json(a) == declarations_json(b);
}

}  // namespace sojourn
