#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/commands.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/study.h"
#include "core/data/check.h"
#include "core/plan/plan.h"
#include "core/report/data_report.h"
#include "core/run/living_line.h"
#include "core/run/machine.h"

namespace sojourn {

namespace {

// What is to be checked, in the order of the study or of the command line.
struct Scope {
  std::filesystem::path data_root;
  std::filesystem::path encoder;
  std::vector<std::pair<std::string, std::int64_t>> tasks;  // and max_tokens

  // Of a task that several stages use, the shortest limit counts.
  void add(const std::string& task, std::int64_t max_tokens) {
    for (auto& [name, limit] : tasks) {
      if (name != task) continue;
      limit = std::min(limit, max_tokens);
      return;
    }
    tasks.emplace_back(task, max_tokens);
  }
};

Scope scope_of(const Study& study, TaskCatalog& catalog) {
  Scope scope{study.data_root, study.encoder, {}};
  for (const Arm& arm : arms_of(study)) {
    if (arm.intermediate) {
      for (const auto& task : arm.intermediate->tasks())
        scope.add(task, task_recipe(arm, task, arm.intermediate->recipe).max_tokens);
    }
    for (const auto& target : arm.targets) {
      const auto& manifest = catalog.task(target.task).manifest();
      const std::string trained = manifest.search ? target.task : training_task(target, manifest);
      const auto max_tokens = task_recipe(arm, trained, target.recipe).max_tokens;
      scope.add(target.task, max_tokens);
      scope.add(trained, max_tokens);
    }
  }
  return scope;
}

Scope scope_of(const DataCheckArguments& arguments, TaskCatalog& catalog) {
  Scope scope;
  auto names = arguments.tasks;
  const bool from_study = !names.empty() && names.front().ends_with(".toml");
  if (from_study) {
    scope = scope_of(load_study(names.front()), catalog);
    names.erase(names.begin());
  } else if (arguments.data_root.empty() || arguments.encoder.empty()) {
    throw input_error("command line", "expected a STUDY.toml, or both --data-root and --encoder");
  }
  if (!arguments.data_root.empty()) scope.data_root = arguments.data_root;
  if (!arguments.encoder.empty()) scope.encoder = arguments.encoder;
  if (names.empty() && !from_study) names = catalog.names();
  if (!names.empty()) {
    const auto of_study = std::exchange(scope.tasks, {});
    for (const auto& name : names) {
      const auto found = std::find_if(of_study.begin(), of_study.end(),
                                      [&](const auto& task) { return task.first == name; });
      scope.add(name, found == of_study.end() ? Recipe().max_tokens : found->second);
    }
  }
  if (arguments.max_tokens > 0) {
    for (auto& task : scope.tasks) task.second = arguments.max_tokens;
  }
  return scope;
}

// The line that lives while data is read.
class Reading {
 public:
  void operator()(const CheckStep& step) {
    examples_ = step.examples;
    const double passed = seconds();
    const std::string left =
        passed < 1 || step.done <= 0 ? "?" : duration(passed / step.done * (1 - step.done));
    line_.show("[" + std::to_string(step.set) + "/" + std::to_string(step.sets) + "] " +
                   name_of(*step.reading) + "  " + rate() + "  left: " + left,
               false);
  }

  void end(std::size_t sets) {
    line_.note(std::to_string(sets) + " data sets, " + thousands(examples_) + " examples in " +
               duration(seconds()) + ", " + rate());
  }

 private:
  using Clock = std::chrono::steady_clock;

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  std::string rate() const {
    return thousands(static_cast<std::int64_t>(static_cast<double>(examples_) /
                                               std::max(seconds(), 1e-3))) +
           " examples/s";
  }

  LivingLine line_;
  Clock::time_point start_ = Clock::now();
  std::int64_t examples_ = 0;
};

// Tasks of which nothing is there are interesting only to who asked for them.
void leave_out_tasks_without_files(DataCheck& check) {
  const auto has_files = [&](const std::string& task) {
    return std::any_of(check.sets.begin(), check.sets.end(),
                       [&](const CheckedSet& set) { return set.task == task; });
  };
  std::erase_if(check.absent, [&](const AbsentFiles& absent) { return !has_files(absent.task); });
}

}  // namespace

int data_check_command(const DataCheckArguments& arguments) {
  watch_for_interrupt();
  Plugins plugins(arguments.plugins);
  const Scope scope = scope_of(arguments, plugins.tasks());
  if (!std::filesystem::is_directory(scope.data_root))
    throw input_error(scope.data_root.string(), "no such folder, expected that of the data");
  std::vector<TaskToCheck> tasks;
  for (const auto& [name, max_tokens] : scope.tasks)
    tasks.push_back({&plugins.tasks().task(name), max_tokens});
  const auto tokenizer = Tokenizer::load(scope.encoder);
  const int threads = set_up_machine("cpu", "fp32", arguments.threads).threads;

  Reading reading;
  auto check = check_data(tasks, scope.data_root, *tokenizer, threads,
                          [&](const CheckStep& step) { reading(step); });
  reading.end(check.sets.size());
  if (check.sets.empty())
    throw input_error(scope.data_root.string(), "has no file of any task that is checked");
  if (arguments.tasks.empty()) leave_out_tasks_without_files(check);
  std::printf("%s", (arguments.json ? data_json(check) : data_table(check)).c_str());
  std::fflush(stdout);  // before what stderr says of it
  bool sound = true;
  for (const auto& set : check.sets) {
    if (set.error.empty()) continue;
    sound = false;
    std::fprintf(stderr, "error: %s: %s\n", name_of(set).c_str(), set.error.c_str());
  }
  return sound ? kExitOk : kExitInput;
}

}  // namespace sojourn
