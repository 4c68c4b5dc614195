// The command line.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/memory.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/log.h"

namespace {

using namespace sojourn;  // NOLINT(google-build-using-namespace): this file is the program

constexpr const char* kRunExamples = R"(Examples:
  sojourn run configs/quickstart.toml
  sojourn run study.toml --set data.root=~/xtreme --set 'seeds=[1, 2, 3]' --out runs/three-seeds
  sojourn run study.toml --set recipes.default.peak_lr=3e-5 --threads 8 --precision fp32

Exit codes: 0 all done; 1 internal error or a failing machine; 2 something is wrong with the command line,
the study, its data, the encoder or a plugin, found before anything is trained where it can be; 3 done, but a stage
failed; 4 a plugin crashed or hung; 130 interrupted (Ctrl-C); 143 terminated (SIGTERM, SIGHUP). After 4, 130,
143 or a crash the same command goes on where it was.)";

constexpr const char* kPlanExamples = R"(Examples:
  sojourn plan study.toml                      every stage, what it costs, and what is there already
  sojourn plan study.toml --rate 20000         at so many real tokens a second
  sojourn plan study.toml --json
  sojourn plan study.toml --emit snakemake > Snakefile && snakemake --cores 4

No weights and no data are read, but for hashes of files. Files that aren't there make the plan
provisional (exit code 0); `sojourn run` refuses them. --threads and --precision belong to what names a
stage, so give them here as you will give them to `run`.)";

constexpr const char* kWhyExamples = R"(Examples:
  sojourn why study.toml none/target/seed-1    what changed since the stage was trained
  sojourn why study.toml 0123456789abcdef      the same by key

Compares with the nearest stage in the store: recipe, parent, plugins, data, tokenizer, numerics.)";

constexpr const char* kStageExamples = R"(Examples:
  sojourn stage study.toml none/target/seed-1
  sojourn stage study.toml 0123456789abcdef --store /shared/store

Trains one stage of the plan, and scores what is scored on it, into the store. The stage that it starts
from must be there. `sojourn plan --emit snakemake` writes a workflow of such calls.
Exit codes as of `sojourn run`; 2 also where the stage was planned for another machine.)";

constexpr const char* kTasksExamples = R"(Examples:
  sojourn tasks
  sojourn tasks --plugin-path build/release/lib/sojourn/tasks)";

constexpr const char* kScoreExamples = R"(Examples:
  sojourn score runs/quickstart                             a run's own predictions, again
  sojourn score --xtreme xtreme_folder --task TASK --json   predictions in the benchmark's layout:
                                                            labels/TASK and predictions/TASK
  sojourn score --xtreme xtreme_folder                      all tasks there, and the benchmark's mean

A run's rows are compared with its results.jsonl. Exit codes: 0 done; 2 something is wrong with the command
line or the files, or a row of the run comes out differently.)";

constexpr const char* kSubmissionExamples = R"(Examples:
  sojourn submission runs/xtreme --arm none --out xtreme_submission
  sojourn score --xtreme xtreme_submission --task TASK    once labels/ is beside predictions/)";

constexpr const char* kDataCheckExamples = R"(Examples:
  sojourn data check study.toml                   all tasks of a study
  sojourn data check study.toml TASK OTHER_TASK   these alone
  sojourn data check --data-root ~/xtreme --encoder models/xlm-roberta-base   all tasks with files there

Of each split and language: examples, labels, tokens, the share of unknown pieces, the share of examples
longer than the limit, duplicates. Then training texts that are in dev or test sets, and dev
texts in test sets. All files are tokenized anew, since features in the cache hold no text.
Exit codes: 0 all files could be read; 2 something is wrong with the command line, the study, the encoder
or a file (the others were read all the same); 130 interrupted.)";

constexpr const char* kExamples = R"(Examples:
  sojourn run configs/quickstart.toml    train and score a study
  sojourn plan configs/quickstart.toml   what that would train, and what is there already
  sojourn power study.toml --examples N  how small a difference a study could see
  sojourn tasks                          list the tasks that plugins offer
  sojourn check my_task.so --data DIR    check a plugin of your own
  sojourn show runs/quickstart           what a run found, in the terminal
  sojourn report runs/quickstart         the same as a page, tables and JSON
  sojourn score runs/quickstart          score predictions from their files
  sojourn submission runs/x --out DIR    write a run's predictions as XTREME takes them
  sojourn data check study.toml          look at the data of a study, and for leaks
  sojourn store ls                       list the stages that are kept, and their sizes
  sojourn merge ENCODER ADAPTER --out D  add an adapter to the weights of its encoder
  sojourn run --help                     options of a command)";

void add_plugins(CLI::App* command, PluginArguments& arguments) {
  command
      ->add_option("--plugin-path", arguments.path,
                   "Folder with task plugins, or a plugin, searched before SOJOURN_PLUGIN_PATH and "
                   "the bundled ones")
      ->type_name("PATH");
  command
      ->add_option("--require-hash", arguments.hashes,
                   "SHA-256 of a plugin that may be loaded, as often as you like; others are "
                   "refused [all may]")
      ->type_name("HEX");
  command
      ->add_option("--callback-limit", arguments.callback_limit,
                   "Seconds after which a plugin's callback that gives no sign of life ends the "
                   "program; 0: never [600]")
      ->check(CLI::NonNegativeNumber);
}

void add_study(CLI::App* command, StudyArguments& arguments) {
  command->add_option("study", arguments.study, "The study, a TOML file")
      ->required()
      ->type_name("STUDY.toml");
  command
      ->add_option("--set", arguments.overrides,
                   "Override a key of the study, as often as you like")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--store", arguments.store, "Folder of finished stages [runs/.store]")
      ->type_name("DIR");
  add_plugins(command, arguments.plugins);
  command->add_option("--threads", arguments.threads, "Threads [as many as this process may use]")
      ->check(CLI::Range(1, 1024));
  command->add_option("--device", arguments.device, "auto, cpu or cuda [auto]")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  command
      ->add_option(
          "--precision", arguments.precision,
          "auto, fp32 or bf16 [auto: bf16 on a GPU, and where the CPU multiplies it natively]")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}));
}

CLI::App* add_plan(CLI::App& app, PlanArguments& arguments) {
  auto* plan = app.add_subcommand("plan", "Show the stages of a study, their cost and state");
  plan->footer(kPlanExamples);
  add_study(plan, arguments.study);
  plan->add_option("--rate", arguments.rate,
                   "Real tokens a second in training [as stages in the store reached]")
      ->check(CLI::PositiveNumber);
  auto* json = plan->add_flag("--json", arguments.json, "JSON instead of a table");
  auto* emit =
      plan->add_option("--emit", arguments.emit, "Write a workflow of its stages: snakemake")
          ->check(CLI::IsMember({"snakemake"}))
          ->excludes(json);
  plan->add_option("--out", arguments.out, "Folder of the workflow's results [runs/<name>]")
      ->type_name("DIR")
      ->needs(emit);
  return plan;
}

CLI::App* add_why(CLI::App& app, StageArguments& arguments) {
  auto* why = app.add_subcommand("why", "Say why a stage isn't in the store");
  why->footer(kWhyExamples);
  add_study(why, arguments.study);
  why->add_option("stage", arguments.stage, "Its name or key")->required()->type_name("STAGE");
  return why;
}

CLI::App* add_stage(CLI::App& app, StageArguments& arguments) {
  auto* stage = app.add_subcommand("stage", "Train and score one stage of a study's plan");
  stage->footer(kStageExamples);
  add_study(stage, arguments.study);
  stage->add_option("stage", arguments.stage, "Its name or key")->required()->type_name("STAGE");
  stage
      ->add_option(
          "--planned-for", arguments.planned_for,
          "The machine that the key was made for, as `plan --json` has it; another is refused")
      ->type_name("TEXT");
  return stage;
}

CLI::App* add_score(CLI::App& app, ScoreArguments& arguments) {
  auto* score = app.add_subcommand("score", "Score predictions without an encoder");
  score->footer(kScoreExamples);
  auto* run = score->add_option("run", arguments.run, "The folder of a run")->type_name("RUN");
  auto* xtreme =
      score->add_option("--xtreme", arguments.xtreme, "Folder with labels/ and predictions/")
          ->type_name("DIR")
          ->excludes(run);
  score->add_option("--task", arguments.task, "The task to score there [all, and their mean]")
      ->type_name("TASK")
      ->needs(xtreme);
  score
      ->add_option("--data-root", arguments.data_root,
                   "Folder of the data that the run used [as the run had it]")
      ->type_name("DIR")
      ->needs(run);
  score
      ->add_flag("--allow-missing", arguments.allow_missing,
                 "Examples without a prediction count as wrong")
      ->needs(xtreme);
  score->add_flag("--json", arguments.json, "JSON instead of a table");
  score->callback([run, xtreme] {
    if (run->count() + xtreme->count() == 0) throw CLI::RequiredError("RUN or --xtreme");
  });
  add_plugins(score, arguments.plugins);
  return score;
}

CLI::App* add_submission(CLI::App& app, SubmissionArguments& arguments) {
  auto* submission =
      app.add_subcommand("submission", "Write a run's test predictions in XTREME's layout");
  submission->footer(kSubmissionExamples);
  SubmissionOptions& options = arguments.options;
  submission->add_option("run", options.run, "The folder of a run")->required()->type_name("RUN");
  submission->add_option("--out", options.out, "Folder; files go to its predictions/TASK/")
      ->required()
      ->type_name("DIR");
  submission->add_option("--arm", options.arm, "Whose predictions [none]")->type_name("ARM");
  submission->add_option("--seed", options.seed, "Of which seed [1]")->type_name("N");
  add_plugins(submission, arguments.plugins);
  return submission;
}

CLI::App* add_data_check(CLI::App& app, DataCheckArguments& arguments) {
  auto* data = app.add_subcommand("data", "Look at data: see `sojourn data check --help`");
  data->require_subcommand(1);
  auto* check = data->add_subcommand("check", "Count what data holds, and find leaks");
  check->footer(kDataCheckExamples);
  check->add_option("tasks", arguments.tasks, "A study, then the tasks to check [all of the study]")
      ->type_name("STUDY.toml TASK");
  check->add_option("--data-root", arguments.data_root, "Folder of the data [the study's]")
      ->type_name("DIR");
  check
      ->add_option("--encoder", arguments.encoder,
                   "Hugging Face directory with the tokenizer [the study's]")
      ->type_name("DIR");
  check
      ->add_option("--max-tokens", arguments.max_tokens,
                   "Longer examples are counted [the study's for the task, else 128]")
      ->check(CLI::Range(8, 1000000));
  check->add_option("--threads", arguments.threads, "Threads [as many as this process may use]")
      ->check(CLI::Range(1, 1024));
  check->add_flag("--json", arguments.json, "JSON instead of a table");
  add_plugins(check, arguments.plugins);
  return check;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInput:
      return kExitInput;
    case ErrorKind::kNumeric:
    case ErrorKind::kPlugin:
      return kExitStages;
    case ErrorKind::kCancelled:
      return exit_of_interrupt();
    case ErrorKind::kInternal:
      break;
  }
  return kExitInternal;
}

CLI::App* add_run(CLI::App& app, RunArguments& arguments) {
  auto* run = app.add_subcommand("run", "Train and score a study");
  run->footer(kRunExamples);
  add_study(run, arguments.study);
  run->add_option("--out", arguments.out, "Folder of the results [runs/<name of the study>]")
      ->type_name("DIR");
  return run;
}

CLI::App* add_tasks(CLI::App& app, PluginArguments& arguments) {
  auto* tasks =
      app.add_subcommand("tasks", "List the tasks that the plugins on the search path offer");
  tasks->footer(kTasksExamples);
  add_plugins(tasks, arguments);
  return tasks;
}

struct Arguments {
  RunArguments run;
  PlanArguments plan;
  ReportArguments report;
  CompareArguments compare;
  PowerArguments power;
  ScoreArguments score;
  SubmissionArguments submission;
  DataCheckArguments data_check;
  PluginArguments tasks;
  NewTaskArguments new_task;
  CheckArguments check;
  MergeArguments merge;
  StoreArguments store;
  StageArguments stage;
  StageArguments why;
};

struct Command {
  const CLI::App* app;
  std::function<int()> run;
};

// All of them, in the order of --help; `a` outlives them.
std::vector<Command> add_commands(CLI::App& app, Arguments& a) {
  return {
      {add_run(app, a.run), [&a] { return run_command(a.run); }},
      {add_plan(app, a.plan), [&a] { return plan_command(a.plan); }},
      {add_show(app, a.report), [&a] { return show_command(a.report); }},
      {add_report(app, a.report), [&a] { return report_command(a.report); }},
      {add_compare(app, a.compare), [&a] { return compare_command(a.compare); }},
      {add_power(app, a.power), [&a] { return power_command(a.power); }},
      {add_score(app, a.score), [&a] { return score_command(a.score); }},
      {add_submission(app, a.submission), [&a] { return submission_command(a.submission); }},
      {add_data_check(app, a.data_check), [&a] { return data_check_command(a.data_check); }},
      {add_tasks(app, a.tasks), [&a] { return tasks_command(a.tasks); }},
      {add_new_task(app, a.new_task), [&a] { return new_task_command(a.new_task); }},
      {add_check(app, a.check), [&a] { return check_command(a.check); }},
      {add_merge(app, a.merge), [&a] { return merge_command(a.merge); }},
      {add_store(app, a.store), [&a] { return store_command(a.store); }},
      {add_stage(app, a.stage), [&a] { return stage_command(a.stage); }},
      {add_why(app, a.why), [&a] { return why_command(a.why); }},
      {app.add_subcommand("schema",
                          "Print a JSON Schema of the study file, for completion and checks in an "
                          "editor"),
       [] { return schema_command(); }}};
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(
      "Trains a multilingual encoder through a schedule of tasks and scores it zero-shot, language "
      "by language.",
      "sojourn");
  app.footer(kExamples);
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  Arguments arguments;
  const auto commands = add_commands(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitInput;
  }
  const auto chosen = std::find_if(commands.begin(), commands.end(),
                                   [](const Command& command) { return command.app->parsed(); });
  const int code = chosen->run();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  throw Error(ErrorKind::kInternal, "standard output", "can't be written");
}

}  // namespace

int main(int argc, char** argv) {
  set_up_memory();
  start_log();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is then an error like a full disk
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
