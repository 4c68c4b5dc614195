#include "core/model/intra_op.h"

#include <ATen/Parallel.h>

namespace sojourn {

void parallel_rows(std::int64_t n, std::int64_t grain,
                   const std::function<void(std::int64_t, std::int64_t)>& body) {
  at::parallel_for(0, n, grain, body);
}

}  // namespace sojourn
