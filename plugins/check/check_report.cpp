#include "plugins/check/check_report.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/report/table.h"
#include "plugins/check/check_tests.h"

namespace sojourn {

namespace {

const char* name_of(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::kPassed:
      return "passed";
    case CheckOutcome::kFailed:
      return "failed";
    case CheckOutcome::kSkipped:
      break;
  }
  return "skipped";
}

std::size_t count(const CheckReport& report, CheckOutcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(report.results.begin(), report.results.end(),
                    [&](const CheckResult& result) { return result.outcome == outcome; }));
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

bool CheckReport::sound() const { return count(*this, CheckOutcome::kFailed) == 0; }

std::string check_text(const CheckReport& report) {
  std::string text = report.plugin.string();
  if (!report.id.empty()) text += ": " + report.id + " " + report.version;
  if (!report.tasks.empty()) text += ", tasks: " + join(report.tasks, ", ");
  text += "\n\n";
  std::vector<std::vector<std::string>> lines;
  for (const auto& result : report.results) {
    const bool failed = result.outcome == CheckOutcome::kFailed;
    lines.push_back({failed ? "FAILED" : name_of(result.outcome), result.test, result.task,
                     failed ? "see below" : first_line(result.found)});
  }
  text += left_aligned(lines) + "\n";
  for (const auto& result : report.results) {
    if (result.outcome != CheckOutcome::kFailed) continue;
    const CheckTest& test = check_test(result.test);
    text += result.test + (result.task.empty() ? "" : " (" + result.task + ")") + "\n";
    text += "  found  " + replace_all(result.found, "\n", "\n         ") + "\n";
    text += "  rule   " + std::string(test.rule) + "\n";
    text += "  fix    " + std::string(test.fix) + "\n\n";
  }
  text += std::to_string(count(report, CheckOutcome::kPassed)) + " passed, " +
          std::to_string(count(report, CheckOutcome::kFailed)) + " failed, " +
          std::to_string(count(report, CheckOutcome::kSkipped)) + " skipped\n";
  return text;
}

std::string check_json(const CheckReport& report) {
  nlohmann::ordered_json json{
      {"plugin", report.plugin.string()}, {"id", report.id},
      {"version", report.version},        {"tasks", report.tasks},
      {"sound", report.sound()},          {"tests", nlohmann::json::array()}};
  for (const auto& result : report.results) {
    const CheckTest& test = check_test(result.test);
    json["tests"].push_back({{"test", result.test},
                             {"task", result.task},
                             {"outcome", name_of(result.outcome)},
                             {"found", result.found},
                             {"rule", test.rule},
                             {"fix", test.fix}});
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace sojourn
