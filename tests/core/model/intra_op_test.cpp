#include "core/model/intra_op.h"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/threads.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("rows are worked on by as many threads as LibTorch has, each row once", "[core][model]") {
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    std::vector<std::atomic<int>> seen(1000);
    std::mutex mutex;
    std::set<std::thread::id> workers;
    parallel_rows(1000, 10, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
      const std::lock_guard lock(mutex);
      workers.insert(std::this_thread::get_id());
    });
    for (const auto& times : seen) CHECK(times == 1);
    CHECK(workers.size() == static_cast<std::size_t>(count));
  }
}

TEST_CASE("what a row throws reaches the caller", "[core][model]") {
  const Threads threads(2);
  const auto last_throws = [](std::int64_t, std::int64_t end) {
    if (end == 1000) throw std::runtime_error("the last row");
  };
  CHECK_THROWS_WITH(parallel_rows(1000, 10, last_throws), "the last row");
}

}  // namespace
}  // namespace sojourn
