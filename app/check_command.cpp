#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/base/error.h"
#include "plugins/check/check_plugin_file.h"

namespace sojourn {

namespace {

constexpr const char* kExamples = R"(Examples:
  sojourn check build/my_task.so                     with the sample data in build/data, if it is there
  sojourn check build/my_task.so --data my_task/data
  sojourn check build/my_task.so --data data --test head.gradient
  sojourn check build/my_task.so --data data --json

Looks at the file, then loads it in processes of its own: a crash or a hang is a finding, and the tests that
remain go on. docs/plugins-check.md explains each test.
Exit codes: 0 all tests passed, or were skipped for the reason shown; 2 something is wrong with the command
line or the files; 3 findings.)";

}  // namespace

CLI::App* add_check(CLI::App& app, CheckArguments& arguments) {
  auto* check = app.add_subcommand("check", "Check a plugin against the rules of the contract");
  check->footer(kExamples);
  check->add_option("plugin", arguments.plugin, "The plugin, a shared library")
      ->required()
      ->type_name("PLUGIN.so");
  check
      ->add_option("--data", arguments.data,
                   "Folder of sample data, as a study's data root [data, beside the plugin]")
      ->type_name("DIR");
  check->add_option("--time-limit", arguments.time_limit, "Seconds that a test may take [60]")
      ->check(CLI::PositiveNumber);
  check
      ->add_option("--test", arguments.tests,
                   "Run this test and those that it needs, as often as you like [all]")
      ->type_name("ID")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  check->add_flag("--json", arguments.json, "JSON instead of text");
  return check;
}

int check_command(const CheckArguments& arguments) {
  CheckOptions options{arguments.plugin, arguments.data, arguments.time_limit, arguments.tests};
  if (options.data.empty()) {
    const auto beside = std::filesystem::absolute(options.plugin).parent_path() / "data";
    if (std::filesystem::is_directory(beside)) options.data = beside;
  } else if (!std::filesystem::is_directory(options.data)) {
    throw input_error(options.data.string(), "no such folder, expected that of the sample data");
  }
  const CheckReport report = check_plugin_file(options);
  std::printf("%s", (arguments.json ? check_json(report) : check_text(report)).c_str());
  return report.sound() ? kExitOk : kExitFindings;
}

}  // namespace sojourn
