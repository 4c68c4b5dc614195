// A part of the program that may crash, hang, exit or eat the memory while it is listened to.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

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

// What is run: it writes lines into the pipe `report`, and notes in `mark` what it calls.
using Contained = std::function<void(int report, CallbackMark& mark)>;

// Runs it in a fork of this process, which must have no other thread, and no handler of signals. A
// fork, since a new program would take a third of a second to load its libraries. An exception is
// the last thing that it says, with exit code 1. on_line: each line that it reports; returns
// whether it is the last one that is expected. Its other output goes nowhere but into last_words.
ContainedEnd run_contained(const Contained& program, const ContainedLimits& limits,
                           const std::function<bool(const std::string&)>& on_line);

}  // namespace sojourn
