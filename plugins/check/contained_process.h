// A program that may crash, hang, exit or eat the memory while it is listened to.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "plugins/check/callback_mark.h"

namespace sojourn {

struct ContainedEnd {
  enum class How { kFinished, kSignal, kExit, kTime, kMemory };
  How how = How::kFinished;  // it said so, and then ended with exit code 0
  int number = 0;            // of the signal, or the exit code
  std::string callback;      // that was running
  std::string last_words;    // the end of what it wrote to standard error
};

struct ContainedLimits {
  std::chrono::duration<double> silence;  // between two lines
  std::size_t memory;                     // bytes beyond those at the first line
};

// Runs this program with these arguments. Descriptors kReportDescriptor and kMarkDescriptor are its
// pipe and its CallbackMark. on_line: each line that it writes into the pipe; returns whether it is
// the last one that is expected. Its other output goes nowhere but into last_words.
ContainedEnd run_contained(const std::vector<std::string>& arguments, const ContainedLimits& limits,
                           const std::function<bool(const std::string&)>& on_line);

constexpr int kReportDescriptor = 3;
constexpr int kMarkDescriptor = 4;

}  // namespace sojourn
