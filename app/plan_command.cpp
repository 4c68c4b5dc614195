#include <cstdio>

#include "app/commands.h"
#include "core/base/cancel.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/config/study.h"
#include "core/run/explain.h"
#include "core/run/plan_report.h"
#include "core/run/run_study.h"

namespace sojourn {

namespace {

PlanOptions plan_options(const StudyArguments& arguments) {
  return {arguments.store,
          cache_directory() / "features",
          set_up_machine(arguments.device, arguments.precision, arguments.threads),
          {}};
}

// For a shell.
std::string quoted(const std::string& text) { return "'" + replace_all(text, "'", "'\\''") + "'"; }

// What says the same of the study in another call. Threads, device and precision are written out:
// a job may see another number of processors than this process.
std::string same_arguments(const StudyArguments& arguments, const Machine& machine) {
  std::string text = "--store " + quoted(std::filesystem::absolute(arguments.store)) +
                     " --threads " + std::to_string(machine.threads) + " --device " +
                     (machine.device.is_cuda() ? "cuda" : "cpu") + " --precision " +
                     name_of(machine.precision);
  for (const auto& folder : arguments.plugins.path)
    text += " --plugin-path " + quoted(std::filesystem::absolute(folder));
  for (const auto& hash : arguments.plugins.hashes) text += " --require-hash " + hash;
  if (arguments.plugins.callback_limit != PluginArguments().callback_limit)
    text += " --callback-limit " + std::to_string(arguments.plugins.callback_limit);
  for (const auto& assignment : arguments.overrides) text += " --set " + quoted(assignment);
  return text;
}

}  // namespace

int plan_command(const PlanArguments& arguments) {
  const Study study = load_study(arguments.study.study, arguments.study.overrides);
  Plugins plugins(arguments.study.plugins);
  PlanOptions options = plan_options(arguments.study);
  if (arguments.rate > 0) options.rate = arguments.rate;
  const PlanReport report = report_plan(study, plugins.tasks(), options);
  std::string text;
  if (!arguments.emit.empty()) {
    const auto out =
        arguments.out.empty() ? std::filesystem::path("runs") / study.name : arguments.out;
    text = plan_snakefile(report, quoted(std::filesystem::absolute(arguments.study.study)),
                          same_arguments(arguments.study, options.machine),
                          quoted(std::filesystem::absolute(out)));
  } else {
    text = arguments.json ? plan_json(report) : plan_table(report);
  }
  std::printf("%s", text.c_str());
  return kExitOk;
}

int why_command(const StageArguments& arguments) {
  const Study study = load_study(arguments.study.study, arguments.study.overrides);
  Plugins plugins(arguments.study.plugins);
  std::printf("%s",
              explain_stage(study, plugins.tasks(), plan_options(arguments.study), arguments.stage)
                  .c_str());
  return kExitOk;
}

int stage_command(const StageArguments& arguments) {
  watch_for_interrupt();
  const StudyArguments& of_study = arguments.study;
  const Study study = load_study(of_study.study, of_study.overrides);
  Plugins plugins(of_study.plugins);
  const RunOptions options{{},
                           of_study.store,
                           set_up_machine(of_study.device, of_study.precision, of_study.threads),
                           cache_directory() / "features"};
  run_stage(study, plugins.tasks(), options, arguments.stage, arguments.planned_for);
  return kExitOk;
}

}  // namespace sojourn
