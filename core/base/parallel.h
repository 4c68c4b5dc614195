// Work on several threads, for everything that isn't tensor arithmetic (LibTorch has its own pool).
#pragma once

#include <cstdint>
#include <functional>

namespace sojourn {

// Processors that this process may use, at least 1.
int usable_threads();

// Calls body(i) once for each i in [0, n), on up to `threads` threads, in no particular order. The
// first exception (of the smallest i seen) is thrown again here, after all threads have stopped.
void parallel_for(std::int64_t n, int threads, const std::function<void(std::int64_t)>& body);

}  // namespace sojourn
