#include "core/run/living_line.h"

#include <array>
#include <cmath>
#include <cstdio>

#include <unistd.h>

namespace sojourn {

namespace {

constexpr auto kTerminalInterval = std::chrono::milliseconds(100);
constexpr auto kPlainInterval = std::chrono::seconds(15);

}  // namespace

std::string duration(double seconds) {
  const auto total = static_cast<long long>(std::llround(seconds));
  std::array<char, 48> text;
  if (total >= 3600) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", total / 3600, total / 60 % 60,
                  total % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", total / 60, total % 60);
  }
  return text.data();
}

LivingLine::LivingLine() : terminal_(::isatty(STDERR_FILENO) == 1) {
  if (!terminal_) last_shown_ = Clock::now();
}

void LivingLine::restart() {
  if (!terminal_) last_shown_ = {};
}

void LivingLine::show(const std::string& text, bool now) {
  const auto time = Clock::now();
  if (!now && time - last_shown_ < (terminal_ ? Clock::duration(kTerminalInterval)
                                              : Clock::duration(kPlainInterval))) {
    return;
  }
  last_shown_ = time;
  line_open_ = terminal_;
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", text.c_str());
  std::fflush(stderr);
}

void LivingLine::clear() {
  if (line_open_) std::fputs("\r\033[K", stderr);
  line_open_ = false;
}

void LivingLine::note(const std::string& text) {
  std::fprintf(stderr, line_open_ ? "\r\033[K%s\n" : "%s\n", text.c_str());
  std::fflush(stderr);
  line_open_ = false;
}

}  // namespace sojourn
