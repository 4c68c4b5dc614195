// The command line.
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <malloc.h>

#include "app/commands.h"
#include "core/base/error.h"
#include "core/base/log.h"

namespace {

using namespace sojourn;  // NOLINT(google-build-using-namespace): this file is the program

constexpr const char* kRunExamples = R"(Examples:
  sojourn run configs/quickstart.toml
  sojourn run study.toml --set data.root=~/xtreme --set 'seeds=[1, 2, 3]' --out runs/three-seeds
  sojourn run study.toml --set recipes.default.peak_lr=3e-5 --threads 8 --precision fp32

Exit codes: 0 all done; 1 internal error or a failing machine; 2 something is wrong with the command line,
the study, its data, the encoder or a plugin (nothing was trained); 3 done, but a stage failed; 130 interrupted.)";

constexpr const char* kTasksExamples = R"(Examples:
  sojourn tasks
  sojourn tasks --plugin-path build/release/lib/sojourn/tasks)";

constexpr const char* kExamples = R"(Examples:
  sojourn run configs/quickstart.toml    train and score a study
  sojourn tasks                          list the tasks that plugins offer
  sojourn run --help                     options of a command)";

// Freed memory stays with the process: training frees and asks for the same large blocks at every
// step, and getting them from the kernel means zeroing them again.
void keep_heap() {
  constexpr int kLarge = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
  ::mallopt(M_TOP_PAD, 64 << 20);
}

void add_plugin_path(CLI::App* command, std::vector<std::filesystem::path>& path) {
  command
      ->add_option(
          "--plugin-path", path,
          "Folder with task plugins, searched before SOJOURN_PLUGIN_PATH and the bundled ones")
      ->type_name("DIR");
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInput:
      return kExitInput;
    case ErrorKind::kNumeric:
    case ErrorKind::kPlugin:
      return kExitStages;
    case ErrorKind::kCancelled:
      return kExitInterrupted;
    case ErrorKind::kInternal:
      break;
  }
  return kExitInternal;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(
      "Trains a multilingual encoder through a schedule of tasks and scores it zero-shot, language "
      "by language.",
      "sojourn");
  app.footer(kExamples);
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);

  RunArguments arguments;
  auto* run = app.add_subcommand("run", "Train and score a study");
  run->footer(kRunExamples);
  run->add_option("study", arguments.study, "The study, a TOML file")
      ->required()
      ->type_name("STUDY.toml");
  run->add_option("--out", arguments.out, "Folder of the results [runs/<name of the study>]")
      ->type_name("DIR");
  run->add_option("--set", arguments.overrides, "Override a key of the study, as often as you like")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_plugin_path(run, arguments.plugin_path);
  run->add_option("--threads", arguments.threads, "Threads [as many as this process may use]")
      ->check(CLI::Range(1, 1024));
  run->add_option("--device", arguments.device, "auto, cpu or cuda [auto]")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  run->add_option("--precision", arguments.precision,
                  "auto, fp32 or bf16 [auto: bf16 where the CPU multiplies it natively]")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}));

  std::vector<std::filesystem::path> tasks_path;
  auto* tasks =
      app.add_subcommand("tasks", "List the tasks that the plugins on the search path offer");
  tasks->footer(kTasksExamples);
  add_plugin_path(tasks, tasks_path);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitInput;
  }
  return run->parsed() ? run_command(arguments) : tasks_command(tasks_path);
}

}  // namespace

int main(int argc, char** argv) {
  keep_heap();
  start_log();
  try {
    return parse_and_run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return exit_code(error.kind());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "internal error: %s\n", error.what());
    return kExitInternal;
  }
}
