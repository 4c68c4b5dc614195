// The learning-rate curve of every stage: up in a straight line, then down to zero.
#pragma once

#include <cstdint>

namespace sojourn {

// rate(s) = peak * s / W                for s <  W   (warm-up)
//         = peak * (S - s) / (S - W)    for s >= W   (decay; 0 from s = S on)
//
// s counts optimizer steps from 0, so with a warm-up the first step has rate 0; W = warmup * S,
// rounded up.
//
// Source: Hugging Face transformers, get_linear_schedule_with_warmup().
class LinearSchedule {
 public:
  // warmup: share of the steps, in [0, 1). steps: at least 1.
  LinearSchedule(double peak, double warmup, std::int64_t steps);

  double rate(std::int64_t step) const noexcept;
  std::int64_t warmup_steps() const noexcept { return warmup_steps_; }

 private:
  double peak_;
  std::int64_t warmup_steps_;
  std::int64_t steps_;
};

}  // namespace sojourn
