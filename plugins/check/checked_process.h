// The process in which a plugin is tried.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/check/callback_mark.h"

namespace sojourn {

struct CheckedTests {
  std::filesystem::path plugin;
  std::filesystem::path data;           // sample data; empty: none
  std::filesystem::path scratch;        // a folder to write in
  std::optional<std::size_t> task;      // its place in the plugin; nothing: the plugin's own tests
  std::vector<std::string> tests = {};  // ids, in the order in which they are run
  std::set<std::string> not_passed = {};  // of those run before, by other processes
};

// Runs the tests; says in a line of JSON to `report`, a pipe, that it has started, what the plugin
// is, and what each test found.
void run_checked(const CheckedTests& checked, int report, CallbackMark& mark);

}  // namespace sojourn
