// What a person sees while a study runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/run/living_line.h"
#include "core/train/trainer.h"

namespace sojourn {

class Progress {
 public:
  static constexpr double kTrainingWork = 3;

  // Work is counted in pieces: trained ones three times (forward, and twice that backward), scored
  // ones once.
  Progress(std::size_t stages, std::int64_t total_work);

  // A stage begins: k of the stages, counted from 1, and the part of the work that it is.
  void begin_stage(std::size_t k, const std::string& id, std::int64_t work);
  // It's over, whether it did its work or not.
  void end_stage();
  void training(const StepReport& step, std::int64_t steps);
  void scoring(const std::string& what, std::int64_t pieces);
  // A line that stays.
  void note(const std::string& text) { line_.note(text); }
  // Work of the stage that was done before.
  void skip(std::int64_t work);
  // The time since the last sign of work was no work.
  void waited();

  double tokens_per_second() const;  // of the stage's training steps so far
  double stage_seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  // Of all that is left to do: at least what the stage alone is known to need.
  std::string study_left(double stage_seconds) const;

  LivingLine line_;
  std::size_t stages_;
  std::int64_t total_work_;
  std::int64_t done_work_ = 0;
  std::int64_t stage_end_ = 0;  // done_work_ when the stage has done its part
  double busy_seconds_ = 0;     // spent on the work done
  std::string stage_;
  Clock::time_point stage_start_, last_work_;
  std::int64_t trained_tokens_ = 0;  // by this process
  std::int64_t trained_steps_ = 0;
  double trained_seconds_ = 0;
};

}  // namespace sojourn
