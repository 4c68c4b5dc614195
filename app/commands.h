// The commands of the program, one function each; they return the exit code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/run/submission.h"
#include "plugins/catalog.h"
#include "plugins/containment.h"

namespace CLI {
class App;
}

namespace sojourn {

// Documented in README.md.
enum ExitCode : int {
  kExitOk = 0,
  kExitInternal = 1,  // a bug, or a machine that fails, such as a full disk
  kExitInput = 2,  // something about the command line, the study, the data, the encoder or a plugin
  kExitStages = 3,                 // the run went to its end, but not every stage did
  kExitFindings = 3,               // of `check`: something is wrong with the plugin
  kExitPlugin = kExitPluginEnded,  // a plugin crashed or hung: the same command goes on
  kExitInterrupted = 130,
  kExitTerminated = 143  // SIGTERM, as from a scheduler, or SIGHUP: the next call goes on from here
};

// After the signal that interrupted the program.
int exit_of_interrupt();

// What the commands take that use plugins.
struct PluginArguments {
  std::vector<std::filesystem::path> path;
  std::vector<std::string> hashes;  // of those that may be loaded; none: all
  int callback_limit = 600;         // seconds without a sign of life from a callback; 0: none
};

// The plugins, and the watch over their callbacks.
class Plugins {
 public:
  explicit Plugins(const PluginArguments& arguments);
  PluginCatalog& tasks() noexcept { return catalog_; }

 private:
  std::optional<CallWatch> watch_;
  PluginCatalog catalog_;
};

// What the commands take that look at a study as it would run here.
struct StudyArguments {
  std::filesystem::path study;
  std::vector<std::string> overrides;
  PluginArguments plugins;
  std::filesystem::path store = "runs/.store";
  int threads = 0;
  std::string device = "auto";
  std::string precision = "auto";
};

struct RunArguments {
  StudyArguments study;
  std::filesystem::path out;  // empty: runs/<name>
};

int run_command(const RunArguments& arguments);

struct PlanArguments {
  StudyArguments study;
  double rate = 0;  // real tokens a second in training; 0: as measured before
  bool json = false;
  std::string emit;           // "snakemake" instead of a table
  std::filesystem::path out;  // of the emitted study
};

int plan_command(const PlanArguments& arguments);

struct StageArguments {
  StudyArguments study;
  std::string stage;  // its id or key
  std::string planned_for;
};

int why_command(const StageArguments& arguments);
int stage_command(const StageArguments& arguments);
int schema_command();
int tasks_command(const PluginArguments& arguments);

struct ScoreArguments {
  std::filesystem::path run;        // a folder that `run` wrote; or
  std::filesystem::path xtreme;     // a folder with labels/ and predictions/, and
  std::string task;                 // empty: all of them
  std::filesystem::path data_root;  // of a run's gold; empty: as the run had it
  PluginArguments plugins;
  bool allow_missing = false;
  bool json = false;
};

int score_command(const ScoreArguments& arguments);

struct SubmissionArguments {
  SubmissionOptions options;
  PluginArguments plugins;
};

int submission_command(const SubmissionArguments& arguments);

struct DataCheckArguments {
  std::vector<std::string> tasks;   // a study before them, if the first ends in .toml
  std::filesystem::path data_root;  // empty: the study's, as with those that follow
  std::filesystem::path encoder;
  std::int64_t max_tokens = 0;  // 0: as the study has it for the task, else the default
  PluginArguments plugins;
  int threads = 0;
  bool json = false;
};

int data_check_command(const DataCheckArguments& arguments);

struct StoreArguments {
  std::filesystem::path store = "runs/.store";
  std::string action;  // ls, verify or gc
  bool dry_run = false;
  bool weights = false;  // gc also removes those that only new scores would need
};

// Adds `sojourn store` and its subcommands to the command line.
CLI::App* add_store(CLI::App& app, StoreArguments& arguments);
int store_command(const StoreArguments& arguments);

struct MergeArguments {
  std::filesystem::path encoder;
  std::filesystem::path adapter;
  std::filesystem::path out;
};

// Adds `sojourn merge` to the command line.
CLI::App* add_merge(CLI::App& app, MergeArguments& arguments);
int merge_command(const MergeArguments& arguments);

struct NewTaskArguments {
  std::string name;
  std::string family = "sequence_classification";
  std::string language = "cpp";
};

// Adds `sojourn new-task` to the command line.
CLI::App* add_new_task(CLI::App& app, NewTaskArguments& arguments);
int new_task_command(const NewTaskArguments& arguments);

struct CheckArguments {
  std::filesystem::path plugin;
  std::filesystem::path data;  // empty: the folder `data` beside the plugin, if there is one
  double time_limit = 60;      // seconds, of each test
  std::vector<std::string> tests;
  bool json = false;
};

// Adds `sojourn check` to the command line.
CLI::App* add_check(CLI::App& app, CheckArguments& arguments);
int check_command(const CheckArguments& arguments);

struct ReportArguments {
  std::vector<std::filesystem::path> runs;  // of one study
  std::filesystem::path out;                // empty: report/ in the first one
  int threads = 0;
};

// Add `sojourn report` and `sojourn show` to the command line.
CLI::App* add_report(CLI::App& app, ReportArguments& arguments);
CLI::App* add_show(CLI::App& app, ReportArguments& arguments);
int report_command(const ReportArguments& arguments);
int show_command(const ReportArguments& arguments);

struct CompareArguments {
  std::filesystem::path before;
  std::filesystem::path after;
};

// Adds `sojourn compare` to the command line.
CLI::App* add_compare(CLI::App& app, CompareArguments& arguments);
int compare_command(const CompareArguments& arguments);

struct PowerArguments {
  std::filesystem::path study;
  std::vector<std::string> overrides;
  double examples = 0;
  double seed_deviation = 1;  // both in points
  double example_deviation = 40;
  double power = 0.8;
};

// Adds `sojourn power` to the command line.
CLI::App* add_power(CLI::App& app, PowerArguments& arguments);
int power_command(const PowerArguments& arguments);

// For --version: the program's, LibTorch's, the CPU's features and what they select.
std::string version_text();

}  // namespace sojourn
