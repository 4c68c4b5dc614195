#include "core/run/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/base/text.h"

namespace sojourn {

namespace {

double seconds_between(std::chrono::steady_clock::time_point a,
                       std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

}  // namespace

Progress::Progress(std::size_t stages, std::int64_t total_work)
    : stages_(stages), total_work_(total_work) {}

void Progress::begin_stage(std::size_t k, const std::string& id, std::int64_t work) {
  stage_ = "[" + std::to_string(k) + "/" + std::to_string(stages_) + "] " + id;
  stage_start_ = last_work_ = Clock::now();
  trained_tokens_ = 0;
  trained_steps_ = 0;
  trained_seconds_ = 0;
  stage_end_ = done_work_ + work;
  line_.restart();
}

void Progress::end_stage() { skip(stage_end_ - done_work_); }

void Progress::skip(std::int64_t work) {
  total_work_ -= work;
  stage_end_ -= work;
}

void Progress::waited() {
  const auto now = Clock::now();
  stage_start_ += now - last_work_;
  last_work_ = now;
}

std::string Progress::study_left(double stage_seconds) const {
  if (busy_seconds_ < 1 || done_work_ == 0) return "?";
  const double rate = static_cast<double>(done_work_) / busy_seconds_;
  return duration(std::max(stage_seconds, static_cast<double>(total_work_ - done_work_) / rate));
}

void Progress::training(const StepReport& step, std::int64_t steps) {
  const auto now = Clock::now();
  const double seconds = seconds_between(last_work_, now);
  last_work_ = now;
  trained_tokens_ += step.real_tokens;
  trained_seconds_ += seconds;
  busy_seconds_ += seconds;
  done_work_ += std::llround(kTrainingWork * static_cast<double>(step.real_tokens));
  const double per_step = trained_seconds_ / static_cast<double>(++trained_steps_);
  const double stage_left = per_step * static_cast<double>(steps - step.step);
  std::array<char, 160> text;
  std::snprintf(text.data(), text.size(),
                "step %lld/%lld  loss %.4f  %s tokens/s  left: stage %s, study %s",
                static_cast<long long>(step.step), static_cast<long long>(steps), step.loss,
                thousands(std::llround(tokens_per_second())).c_str(), duration(stage_left).c_str(),
                study_left(stage_left).c_str());
  line_.show(stage_ + "  " + text.data(), step.step == steps);
}

void Progress::scoring(const std::string& what, std::int64_t pieces) {
  const auto now = Clock::now();
  busy_seconds_ += seconds_between(last_work_, now);
  last_work_ = now;
  done_work_ += pieces;
  line_.show(stage_ + "  scored " + what + "  left: study " + study_left(0), false);
}

double Progress::tokens_per_second() const {
  return trained_seconds_ > 0 ? static_cast<double>(trained_tokens_) / trained_seconds_ : 0;
}

double Progress::stage_seconds() const { return seconds_between(stage_start_, Clock::now()); }

}  // namespace sojourn
