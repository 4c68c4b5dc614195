// How far something is: one living line on a terminal, a line at intervals elsewhere; on standard
// error.
#pragma once

#include <chrono>
#include <string>

namespace sojourn {

class LivingLine {
 public:
  LivingLine();

  // Takes the place of the line before, if enough time has passed or it must be `now`. What is over
  // sooner than that shows nothing where there is no terminal.
  void show(const std::string& text, bool now);
  // Nothing is left of it on a terminal.
  void clear();
  // A line that stays.
  void note(const std::string& text);
  // Something new begins: its first line is shown at once where there is no terminal.
  void restart();

 private:
  using Clock = std::chrono::steady_clock;

  bool terminal_;
  bool line_open_ = false;
  Clock::time_point last_shown_;
};

// "1:02:03" or "2:03".
std::string duration(double seconds);

}  // namespace sojourn
