// What `sojourn check` found, and how it is told.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sojourn {

enum class CheckOutcome { kPassed, kFailed, kSkipped };

struct CheckResult {
  std::string test;
  std::string task;  // empty where the test is of the whole plugin
  CheckOutcome outcome = CheckOutcome::kPassed;
  std::string found = {};  // what is wrong, or why it was skipped
};

struct CheckReport {
  std::filesystem::path plugin;
  std::string id, version;  // empty where it couldn't be asked
  std::vector<std::string> tasks;
  std::vector<CheckResult> results;

  bool sound() const;  // nothing failed
};

// A line for each test, then the findings with their rules and fixes.
std::string check_text(const CheckReport& report);

// {"plugin", "id", "version", "tasks", "sound", "tests": [{"test", "task", "outcome": "passed",
// "failed" or "skipped", "found", "rule", "fix"}]}
std::string check_json(const CheckReport& report);

}  // namespace sojourn
