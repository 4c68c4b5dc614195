// What is fuzzed: functions that take bytes from elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sojourn::fuzz {

struct Target {
  const char* name;
  // Throws whatever it shouldn't; what it may throw, it catches.
  void (*run)(std::string_view bytes);
  std::vector<std::string> seeds;  // inputs to begin with
  std::vector<std::string> words;  // that inputs are made of
};

std::vector<Target> reader_targets();
std::vector<Target> manifest_targets();
std::vector<Target> operation_targets();

}  // namespace sojourn::fuzz
