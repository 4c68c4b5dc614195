// Loops over rows of tensors, on the threads that LibTorch's own operations use.
#pragma once

#include <cstdint>
#include <functional>

namespace sojourn {

// Calls body(begin, end) for parts of [0, n) that cover it, several at once, at most one for every
// `grain` rows. An exception of one is thrown again here.
//
// at::parallel_for would do, but is a plain loop in a file that isn't compiled with OpenMP. Only
// that behind this function is.
void parallel_rows(std::int64_t n, std::int64_t grain,
                   const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace sojourn
