// `sojourn check`: tries a plugin, in processes of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/check/check_report.h"

namespace sojourn {

struct CheckOptions {
  std::filesystem::path plugin;
  std::filesystem::path data;           // sample data; empty: none
  double time_limit = 60;               // seconds, of each test
  std::vector<std::string> tests = {};  // ids; empty: all
};

// Runs the tests, and those that they need. What a plugin does in them (a crash, a hang, an exit, a
// heap that grows and grows) is a finding; the tests that remain go on in a new process. For a
// process without other threads, which it forks. Throws Error(kInput) where there is no such file
// or test.
CheckReport check_plugin_file(const CheckOptions& options);

}  // namespace sojourn
