// What the runs of a report were, as JSON: settings, stages and their cost, curves, data, versions.
#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/report/report_json.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kCurvePoints = 100;  // that a page can draw of a stage

// Losses as means over equal numbers of steps, so that a long stage stays small: pairs of the last
// step and the mean. Values are rounded, as a curve shows no more.
Json thinned(const std::vector<std::pair<std::int64_t, double>>& points) {
  Json list = Json::array();
  const std::size_t step = (points.size() + kCurvePoints - 1) / kCurvePoints;
  for (std::size_t i = 0; i < points.size(); i += step) {
    const std::size_t end = std::min(points.size(), i + step);
    double sum = 0;
    for (std::size_t k = i; k < end; ++k) sum += points[k].second;
    const double mean = sum / static_cast<double>(end - i);
    list.push_back({points[end - 1].first, std::round(mean * 1e4) / 1e4});
  }
  return list;
}

Json curve_json(const fs::path& file, const std::string& stage) {
  std::vector<std::pair<std::int64_t, double>> losses;
  Json evaluations = Json::array();
  std::istringstream lines(read_file(file));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    try {
      const auto json = nlohmann::json::parse(line);
      const auto step = json.at("step").get<std::int64_t>();
      if (json.contains("loss")) {
        losses.emplace_back(step, json.at("loss").get<double>());
      } else {
        evaluations.push_back({step, json.at("evaluation").get<double>()});
      }
    } catch (const nlohmann::json::exception& error) {
      throw input_error(file.string() + ":" + std::to_string(number),
                        std::string("not a step of a training curve: ") + error.what());
    }
  }
  return {{"stage", stage}, {"losses", thinned(losses)}, {"evaluations", std::move(evaluations)}};
}

Json arms_json(const JoinedRuns& runs) {
  Json list = Json::array();
  std::set<std::string> done;
  for (const RunFolder& run : runs.runs) {
    for (const Arm& arm : arms_of(run.study)) {
      if (!done.insert(arm.name).second) continue;
      Json made{{"name", arm.name}, {"baseline", arm.baseline}, {"stages", Json::array()}};
      if (arm.intermediate) {
        made["stages"] = arm.intermediate->stages;
        made["joint"] = arm.intermediate->joint;
      }
      list.push_back(std::move(made));
    }
  }
  return list;
}

// What stages learnt: the primary scores on dev splits of the tasks that they trained.
void add_learnt(const RunFolder& run, Json& json, std::set<std::string>& known) {
  for (const ResultRow& row : run.rows) {
    if (!row.primary || row.split != "dev") continue;
    if (!known.insert(row.stage + " " + row.task + " " + row.language).second) continue;
    json["learnt"].push_back({{"stage", row.stage},
                              {"task", row.task},
                              {"language", row.language},
                              {"metric", row.metric},
                              {"value", row.value},
                              {"n", row.n}});
  }
}

void add_run(const RunFolder& run, Json& json, std::set<std::string>& stages,
             std::set<std::string>& files) {
  const Json& manifest = run.manifest;
  json["runs"].push_back({{"folder", run.path.filename().string()},
                          {"finished", manifest.at("finished")},
                          {"complete", manifest.at("complete")},
                          {"failed_stages", manifest.at("failed_stages")},
                          {"seeds", run.study.seeds},
                          {"machine", manifest.at("machine")}});
  for (const Json& stage : manifest.at("stages")) {
    const auto id = stage.at("id").get<std::string>();
    if (!stages.insert(id).second) continue;
    json["stages"].push_back(stage);
    const fs::path curve = run.path / "training" / (id + ".jsonl");
    if (fs::is_regular_file(curve)) json["curves"].push_back(curve_json(curve, id));
  }
  const fs::path root = manifest.at("data_root").get<std::string>();
  for (const auto& [file, hash] : manifest.at("data").items()) {
    const std::string name = fs::path(file).lexically_relative(root).generic_string();
    if (files.insert(name).second) json["data"].push_back({{"file", name}, {"sha256", hash}});
  }
  for (const auto& [name, task] : manifest.at("tasks").items()) {
    Json made{{"version", task.at("version")}, {"sha256", task.at("sha256")}};
    if (task.contains("left_out")) made["left_out"] = task.at("left_out");
    if (!json["tasks"].contains(name)) json["tasks"][name] = std::move(made);
  }
}

}  // namespace

Json sources_json(const JoinedRuns& runs) {
  Json json{{"arms", arms_json(runs)}, {"runs", Json::array()},   {"stages", Json::array()},
            {"curves", Json::array()}, {"learnt", Json::array()}, {"data", Json::array()},
            {"tasks", Json::object()}, {"notes", runs.notes}};
  std::set<std::string> stages;
  std::set<std::string> files;
  std::set<std::string> learnt;
  for (const RunFolder& run : runs.runs) {
    add_run(run, json, stages, files);
    add_learnt(run, json, learnt);
  }
  const RunFolder& first = runs.runs.front();
  json["encoder"] = {{"written", first.study.encoder_written},
                     {"sha256", first.manifest.at("encoder").at("sha256")}};
  json["study_toml"] = resolved_toml(first.study);
  return json;
}

Json report_json(const JoinedRuns& runs, const Findings& findings) {
  const Declared& declared = runs.declared;
  Json json{{"report", kReportFormat},
            {"study", runs.runs.front().study.name},
            {"baseline", declared.baseline},
            {"margin", declared.margin},
            {"alpha", VerdictRule().alpha},
            {"confidence", 0.95},
            {"resamples", findings.resamples},
            {"seeds", runs.seeds},
            {"declared", {{"scores", declared.scores}, {"scores_before", declared.scores_before}}}};
  json.update(findings_json(runs, findings));
  json.update(sources_json(runs));
  return json;
}

}  // namespace sojourn
