#include "core/train/linear_schedule.h"

#include <algorithm>
#include <cmath>

namespace sojourn {

LinearSchedule::LinearSchedule(double peak, double warmup, std::int64_t steps)
    : peak_(peak),
      warmup_steps_(static_cast<std::int64_t>(std::ceil(warmup * static_cast<double>(steps)))),
      steps_(steps) {}

double LinearSchedule::rate(std::int64_t step) const noexcept {
  const bool warming_up = step < warmup_steps_;
  const auto run = warming_up ? step : std::max<std::int64_t>(0, steps_ - step);
  const auto length =
      warming_up ? warmup_steps_ : std::max<std::int64_t>(1, steps_ - warmup_steps_);
  return peak_ * static_cast<double>(run) / static_cast<double>(length);
}

}  // namespace sojourn
