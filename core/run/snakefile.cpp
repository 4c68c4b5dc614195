// plan_snakefile(): the stages of a plan as jobs of a workflow engine.
#include <string>

#include "core/run/plan_report.h"

namespace sojourn {

namespace {

std::string python_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// Braces in a shell command of a Snakefile are wildcards unless doubled.
std::string without_wildcards(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c;
    if (c == '{' || c == '}') escaped += c;
  }
  return escaped;
}

std::string marker(const PlannedStage& stage) { return ".sojourn-jobs/" + stage.key + ".done"; }

void add_rule(std::string& text, const std::string& name, const std::string& comment,
              const std::string& inputs, const std::string& output, int threads,
              const std::string& command) {
  text += "\n# " + comment + "\nrule " + name + ":\n";
  if (!inputs.empty()) text += "    input: " + inputs + "\n";
  text += "    output: touch(" + python_text(output) + ")\n";
  text += "    threads: " + std::to_string(threads) + "\n";
  text += "    shell: " + python_text(without_wildcards(command)) + "\n";
}

}  // namespace

std::string plan_snakefile(const PlanReport& report, const std::string& study,
                           const std::string& arguments, const std::string& out) {
  std::string text =
      "# The study '" + report.study +
      "', a job for each stage: snakemake --cores N. Made by `sojourn plan --emit "
      "snakemake`.\n"
      "# The jobs share one store, and each is computed once; the last one gathers the "
      "results.\n";
  text += "\nrule all:\n    input: \".sojourn-jobs/study.done\"\n";
  std::string all;
  for (const auto& stage : report.stages) {
    const bool nothing = !stage.parent && stage.scores == 0;
    if (nothing) continue;
    all += (all.empty() ? "" : ", ") + python_text(marker(stage));
    // The encoder itself is no job that others wait for.
    const bool waits = stage.parent && report.stages[*stage.parent].parent;
    const std::string input = waits ? python_text(marker(report.stages[*stage.parent])) : "";
    add_rule(text, "stage_" + stage.key, stage.id, input, marker(stage), report.threads,
             "sojourn stage " + study + " " + stage.key + " --planned-for '" + report.machine +
                 "' " + arguments);
  }
  add_rule(text, "study", "All results", all, ".sojourn-jobs/study.done", report.threads,
           "sojourn run " + study + " --out " + out + " " + arguments);
  return text;
}

}  // namespace sojourn
