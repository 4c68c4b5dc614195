#include "app/commands.h"

#include <chrono>
#include <csignal>
#include <cstdio>

#include "core/base/cancel.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/config/study.h"
#include "core/report/table.h"
#include "core/run/machine.h"
#include "core/run/run_study.h"

namespace sojourn {

namespace {

PluginCatalog load_catalog(const PluginArguments& arguments) {
  blame_plugins_for_crashes();  // from the first one that is loaded
  return PluginCatalog(plugin_search_path(arguments.path), arguments.hashes);
}

}  // namespace

Plugins::Plugins(const PluginArguments& arguments) : catalog_(load_catalog(arguments)) {
  if (arguments.callback_limit > 0) watch_.emplace(std::chrono::seconds(arguments.callback_limit));
}

int exit_of_interrupt() {
  return interrupt_signal() == SIGINT ? kExitInterrupted : kExitTerminated;
}

int run_command(const RunArguments& arguments) {
  watch_for_interrupt();
  std::signal(SIGPIPE, SIG_IGN);  // who reads the progress may go, as `| head` does
  const StudyArguments& of_study = arguments.study;
  const Study study = load_study(of_study.study, of_study.overrides);
  Plugins plugins(of_study.plugins);
  const RunOptions options{
      arguments.out.empty() ? std::filesystem::path("runs") / study.name : arguments.out,
      of_study.store, set_up_machine(of_study.device, of_study.precision, of_study.threads),
      cache_directory() / "features"};
  const RunSummary summary = run_study(study, plugins.tasks(), options);
  std::printf("\n%s", summary.table.c_str());
  std::printf(
      "%s%s: results.jsonl, predictions/, training/, tensorboard/, encoders/, study.toml, "
      "declared.json, manifest.json, log.txt\n",
      summary.interrupted
          ? "Interrupted; the same command goes on from here. What was finished is in "
          : "Files in ",
      summary.out.c_str());
  for (const auto& failure : summary.failed_stages)
    std::fprintf(stderr, "error: stage %s\n", failure.c_str());
  if (summary.interrupted) return exit_of_interrupt();
  return summary.failed_stages.empty() ? kExitOk : kExitStages;
}

int tasks_command(const PluginArguments& arguments) {
  Plugins plugins(arguments);
  std::vector<std::vector<std::string>> lines{
      {"name", "version", "kind", "languages", "licence of the data", "file"}};
  for (const auto& entry : plugins.tasks().listing()) {
    const std::string languages = entry.languages.size() <= 3
                                      ? join(entry.languages, " ")
                                      : std::to_string(entry.languages.size());
    lines.push_back(
        {entry.name, entry.version, entry.kind, languages, entry.licence, entry.file.string()});
  }
  std::printf("%s", left_aligned(lines).c_str());
  return kExitOk;
}

int schema_command() {
  std::printf("%s", study_schema().c_str());
  return kExitOk;
}

int submission_command(const SubmissionArguments& arguments) {
  Plugins plugins(arguments.plugins);
  for (const auto& file : write_submission(arguments.options, plugins.tasks()))
    std::printf("%s\n", file.c_str());
  return kExitOk;
}

std::string version_text() {
  const Precision precision = fastest_precision();
  return std::string("sojourn ") + kVersion + "\nLibTorch " + libtorch_version() +
         "\nCPU features: " + cpu_features() + "; --precision auto means " + name_of(precision);
}

}  // namespace sojourn
