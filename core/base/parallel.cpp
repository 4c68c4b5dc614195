#include "core/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include <sched.h>

namespace sojourn {

int usable_threads() {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

void parallel_for(std::int64_t n, int threads, const std::function<void(std::int64_t)>& body) {
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  std::int64_t error_at = std::numeric_limits<std::int64_t>::max();
  const auto work = [&] {
    for (std::int64_t i = next++; i < n; i = next++) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < error_at) {
          error = std::current_exception();
          error_at = i;
        }
        next = n;  // nobody starts another one
      }
    }
  };
  {
    const auto helpers = std::clamp<std::int64_t>(threads, 1, std::max<std::int64_t>(n, 1)) - 1;
    std::vector<std::jthread> pool;
    for (std::int64_t i = 0; i < helpers; ++i) pool.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace sojourn
