#include <array>
#include <cstdint>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/config/study.h"
#include "core/eval/benchmark.h"
#include "core/report/table.h"
#include "core/run/rescore.h"

namespace sojourn {

namespace {

std::string percent(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

void say_missing(std::int64_t examples) {
  if (examples == 0) return;
  std::printf("%lld examples without a prediction count as wrong\n",
              static_cast<long long>(examples));
}

int score_xtreme(const ScoreArguments& arguments, TaskCatalog& tasks) {
  const auto scores =
      score_benchmark(tasks.task(arguments.task), arguments.xtreme, arguments.allow_missing);
  if (arguments.json) {
    std::printf("%s", to_json(scores).c_str());
    return kExitOk;
  }
  std::vector<std::vector<std::string>> lines{{"language"}};
  lines[0].insert(lines[0].end(), scores.metrics.begin(), scores.metrics.end());
  const auto add = [&](const std::string& name, const std::map<std::string, double>& values) {
    auto& line = lines.emplace_back(std::vector<std::string>{name});
    for (const auto& metric : scores.metrics) line.push_back(percent(values.at(metric)));
  };
  for (const auto& [language, values] : scores.per_language) add(language, values);
  add("mean", scores.mean);
  std::printf("%s, profile %s, in percent\n%s", scores.task.c_str(), scores.profile.c_str(),
              left_aligned(lines).c_str());
  say_missing(scores.missing);
  return kExitOk;
}

int score_all_of_xtreme(const ScoreArguments& arguments, TaskCatalog& tasks) {
  const auto summary = score_benchmark(tasks, arguments.xtreme, arguments.allow_missing);
  if (arguments.json) {
    std::printf("%s", to_json(summary).c_str());
    return kExitOk;
  }
  std::vector<std::vector<std::string>> lines{{"task", "profile", "languages", "score", "mean of"}};
  std::int64_t missing = 0;
  for (const auto& scores : summary.tasks) {
    lines.push_back({scores.task, scores.profile, std::to_string(scores.per_language.size()),
                     percent(task_score(scores)), join(scores.metrics, ", ")});
    missing += scores.missing;
  }
  for (const auto& name : summary.absent) lines.push_back({name, "-", "-", "-", "not there"});
  const auto mean = mean_score(summary);
  lines.push_back({"mean", "", "", mean ? percent(*mean) : "-", mean ? "" : "needs all tasks"});
  std::printf("%s", left_aligned(lines).c_str());
  say_missing(missing);
  return kExitOk;
}

// Where the run had its data.
std::filesystem::path data_root(const std::filesystem::path& run) {
  const auto file = run / "manifest.json";
  try {
    return nlohmann::json::parse(read_file(file)).at("data_root").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    throw input_error(file.string(), std::string("says no data_root: ") + error.what());
  }
}

int score_run(const ScoreArguments& arguments, TaskCatalog& tasks) {
  const auto root = arguments.data_root.empty() ? data_root(arguments.run) : arguments.data_root;
  const Rescored scored = rescore_run(arguments.run, root, tasks);
  if (arguments.json) {
    std::printf("%s", results_jsonl(scored.rows).c_str());
  } else {
    std::printf("%s", results_table(scored.rows, load_study(arguments.run / "study.toml")).c_str());
  }
  std::fflush(stdout);  // before what stderr says of it
  for (const auto& [written, now] : scored.differences) {
    std::fprintf(stderr, "error: %s %s %s %s %s: results.jsonl has %.17g, now %.17g\n",
                 written.stage.c_str(), written.task.c_str(), written.split.c_str(),
                 written.language.c_str(), written.metric.c_str(), written.value, now.value);
  }
  std::fprintf(
      stderr, "%zu rows from %zu files of predictions: %s\n", scored.rows.size(), scored.files,
      scored.differences.empty() ? "equal to results.jsonl" : "not all equal to results.jsonl");
  return scored.differences.empty() ? kExitOk : kExitInput;
}

}  // namespace

int score_command(const ScoreArguments& arguments) {
  watch_for_interrupt();
  Plugins plugins(arguments.plugins);
  if (!arguments.run.empty()) return score_run(arguments, plugins.tasks());
  return arguments.task.empty() ? score_all_of_xtreme(arguments, plugins.tasks())
                                : score_xtreme(arguments, plugins.tasks());
}

}  // namespace sojourn
