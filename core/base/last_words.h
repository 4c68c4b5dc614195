// What a process still says when it must end at once: in a signal handler, or beside a thread that
// hangs. Nothing here allocates, locks or throws.
#pragma once

#include <cstddef>
#include <initializer_list>

namespace sojourn {

// While it exists, this is the stage that the process trains or scores; cut to some hundred bytes.
class CurrentStage {
 public:
  explicit CurrentStage(const char* stage) noexcept;
  CurrentStage(const CurrentStage&) = delete;
  CurrentStage& operator=(const CurrentStage&) = delete;
  ~CurrentStage();
};

// The file that the last words go to as well, "" for none.
void set_last_words_file(const char* path) noexcept;

// Writes "error: ", the parts, the current stage and what to do now, as one line, to standard error
// and the file.
void write_last_words(std::initializer_list<const char*> parts) noexcept;

}  // namespace sojourn
