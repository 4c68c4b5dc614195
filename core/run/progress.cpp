#include "core/run/progress.h"

#include <array>
#include <cmath>
#include <cstdio>

#include <unistd.h>

namespace sojourn {

namespace {

constexpr auto kTerminalInterval = std::chrono::milliseconds(100);
constexpr auto kPlainInterval = std::chrono::seconds(15);
constexpr std::int64_t kTrainingWork = 3;

double seconds_between(std::chrono::steady_clock::time_point a,
                       std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

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

std::string thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0);
       at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

Progress::Progress(std::size_t stages, std::int64_t total_work)
    : terminal_(::isatty(STDERR_FILENO) == 1), stages_(stages), total_work_(total_work) {}

void Progress::begin_stage(std::size_t k, const std::string& id) {
  stage_ = "[" + std::to_string(k) + "/" + std::to_string(stages_) + "] " + id;
  stage_start_ = last_work_ = Clock::now();
  trained_tokens_ = 0;
  trained_seconds_ = 0;
  if (!terminal_) last_shown_ = {};
}

std::string Progress::time_left(std::int64_t work) const {
  if (busy_seconds_ < 1 || done_work_ == 0) return "?";
  return duration(static_cast<double>(work) * busy_seconds_ / static_cast<double>(done_work_));
}

void Progress::training(const StepReport& step, std::int64_t steps) {
  const auto now = Clock::now();
  const double seconds = seconds_between(last_work_, now);
  last_work_ = now;
  trained_tokens_ += step.real_tokens;
  trained_seconds_ += seconds;
  busy_seconds_ += seconds;
  done_work_ += kTrainingWork * step.real_tokens;
  const double per_step = trained_seconds_ / static_cast<double>(step.step);
  std::array<char, 160> text;
  std::snprintf(text.data(), text.size(),
                "step %lld/%lld  loss %.4f  %s tokens/s  left: stage %s, study %s",
                static_cast<long long>(step.step), static_cast<long long>(steps), step.loss,
                thousands(std::llround(tokens_per_second())).c_str(),
                duration(per_step * static_cast<double>(steps - step.step)).c_str(),
                time_left(total_work_ - done_work_).c_str());
  show(stage_ + "  " + text.data(), step.step == steps);
}

void Progress::scoring(const std::string& what, std::int64_t pieces) {
  const auto now = Clock::now();
  busy_seconds_ += seconds_between(last_work_, now);
  last_work_ = now;
  done_work_ += pieces;
  show(stage_ + "  scored " + what + "  left: study " + time_left(total_work_ - done_work_), false);
}

double Progress::tokens_per_second() const {
  return trained_seconds_ > 0 ? static_cast<double>(trained_tokens_) / trained_seconds_ : 0;
}

double Progress::stage_seconds() const { return seconds_between(stage_start_, Clock::now()); }

void Progress::show(const std::string& text, bool now) {
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

void Progress::note(const std::string& text) {
  std::fprintf(stderr, line_open_ ? "\r\033[K%s\n" : "%s\n", text.c_str());
  std::fflush(stderr);
  line_open_ = false;
}

}  // namespace sojourn
