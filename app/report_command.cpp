#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/base/cancel.h"
#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/report/comparison.h"
#include "core/report/report_json.h"
#include "core/report/report_page.h"
#include "core/report/report_text.h"
#include "core/run/living_line.h"

namespace sojourn {

namespace {

constexpr const char* kReportExamples = R"(Examples:
  sojourn report runs/x                        into runs/x/report
  sojourn report runs/seed-1 runs/seed-2 --out reports/x

Writes report.html, which needs no network and no other file, and report.md, report.json, results.csv and
table.tex. Runs of one study that were made at different times or places, with other seeds, arms, targets
or languages, become one report; runs that differ in encoder, data, metric or recipe are refused.
Exit codes: 0 done; 2 something is wrong with a run, or runs can't be joined; 130 interrupted.)";

constexpr const char* kShowExamples = R"(Examples:
  sojourn show runs/x
  sojourn show runs/seed-1 runs/seed-2         as one study

The verdict of `sojourn report`: does each arm help or harm, over all and in each group of languages.)";

constexpr const char* kCompareExamples = R"(Examples:
  sojourn compare runs/before runs/after

Settings, data and versions that differ, and the scores of all cells that both have.)";

// Reads, joins and analyses; progress goes to the terminal.
nlohmann::ordered_json report_of(const ReportArguments& arguments) {
  const JoinedRuns runs = join_runs(arguments.runs);
  LivingLine line;
  FindingOptions options;
  options.threads = arguments.threads > 0 ? arguments.threads : usable_threads();
  options.progress = [&line](const std::string& what, double share) {
    line.show(what + ": " + std::to_string(static_cast<int>(100 * share)) + " %", /*now=*/false);
  };
  const Findings findings = find(runs, options);
  line.clear();
  return report_json(runs, findings);
}

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* examples,
                      ReportArguments& arguments) {
  auto* command = app.add_subcommand(name, what);
  command->footer(examples);
  command->add_option("--threads", arguments.threads, "Threads [as many as this process may use]")
      ->check(CLI::Range(1, 1024));
  return command;
}

}  // namespace

CLI::App* add_report(CLI::App& app, ReportArguments& arguments) {
  auto* report =
      add_command(app, "report", "Write a report of runs of a study", kReportExamples, arguments);
  report->add_option("runs", arguments.runs, "Folders of runs")->required()->type_name("RUN");
  report->add_option("--out", arguments.out, "Folder of the report [the first RUN/report]")
      ->type_name("DIR");
  return report;
}

CLI::App* add_show(CLI::App& app, ReportArguments& arguments) {
  auto* show =
      add_command(app, "show", "Show a study's verdict in the terminal", kShowExamples, arguments);
  show->add_option("runs", arguments.runs, "Folders of runs")->required()->type_name("RUN");
  return show;
}

CLI::App* add_compare(CLI::App& app, CompareArguments& arguments) {
  auto* compare = app.add_subcommand("compare", "Say what changed between two runs");
  compare->footer(kCompareExamples);
  compare->add_option("before", arguments.before, "Folder of a run")
      ->required()
      ->type_name("RUN_A");
  compare->add_option("after", arguments.after, "Folder of another")
      ->required()
      ->type_name("RUN_B");
  return compare;
}

int report_command(const ReportArguments& arguments) {
  watch_for_interrupt();
  const auto out = arguments.out.empty() ? arguments.runs.front() / "report" : arguments.out;
  const auto report = report_of(arguments);
  std::filesystem::create_directories(out);
  const std::string json = report.dump(1) + "\n";
  write_file(out / "report.json", json);
  write_file(out / "report.html", report_page(report));
  write_file(out / "report.md", report_markdown(report));
  write_file(out / "results.csv", report_csv(report));
  write_file(out / "table.tex", report_latex(report));
  std::printf("%s: report.html, report.md, report.json, results.csv, table.tex\n", out.c_str());
  return kExitOk;
}

int show_command(const ReportArguments& arguments) {
  watch_for_interrupt();
  std::printf("%s", verdict_page(report_of(arguments)).c_str());
  return kExitOk;
}

int compare_command(const CompareArguments& arguments) {
  std::printf("%s", comparison_page(read_run(arguments.before), read_run(arguments.after)).c_str());
  return kExitOk;
}

}  // namespace sojourn
