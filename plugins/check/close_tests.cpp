// What stays behind.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>

#include "plugins/check/bench.h"

namespace sojourn {

namespace {

constexpr int kCycles = 16;

struct Cycle {
  std::string name;
  std::function<void()> once;
};

// Everything of which a task may keep something.
std::vector<Cycle> cycles(TaskBench& bench) {
  const Sample& sample = bench.samples().front();
  std::vector<Cycle> all{{"dataset_open, featurize and dataset_close", [&bench, &sample] {
                            const auto data = bench.open(sample);
                            for (std::int64_t i = 0; i < data->size() && i < 8; ++i)
                              data->example(i);
                            features_of(bench.task(), *data, 8);
                          }}};
  if (bench.manifest().is_scored()) {
    all.push_back({"decode_create and decode_destroy",
                   [data = std::shared_ptr<Dataset>(bench.open(sample))] { data->decoder(); }});
  }
  if (bench.manifest().head) {
    bench.new_encoder();
    all.push_back({"head_create and head_destroy", [&bench] { bench.new_head(); }});
  }
  return all;
}

// Of the process, in bytes.
std::size_t heap() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::int64_t entries(const char* folder) {
  std::int64_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

// How much more of something there is after all cycles than before them.
template <typename Measure>
std::int64_t growth(const Cycle& cycle, const Measure& measure) {
  const auto before = static_cast<std::int64_t>(measure());
  for (int i = 0; i < kCycles; ++i) cycle.once();
  return static_cast<std::int64_t>(measure()) - before;
}

void memory(TaskBench& bench) {
#if defined(__SANITIZE_ADDRESS__)
  throw CheckSkipped("this program measures memory by its own allocator (address sanitizer)");
#endif
  constexpr std::int64_t kNoise = 64;  // bytes a cycle: what a container's growth can look like
  for (const auto& cycle : cycles(bench)) {
    growth(cycle, heap);  // what is made once and kept
    // Twice, since something else may be made once.
    const std::int64_t least = std::min(growth(cycle, heap), growth(cycle, heap));
    if (least > kNoise * kCycles) {
      throw CheckFinding(cycle.name + ": " + std::to_string(least / kCycles) +
                         " bytes more in use after each round");
    }
  }
}

void count(TaskBench& bench, const char* folder, const char* what) {
  for (const auto& cycle : cycles(bench)) {
    growth(cycle, [&] { return entries(folder); });
    const std::int64_t more = growth(cycle, [&] { return entries(folder); });
    if (more > 0) {
      throw CheckFinding(cycle.name + ": " + std::to_string(more) + " more " + what + " after " +
                         std::to_string(kCycles) + " rounds");
    }
  }
}

void descriptors(TaskBench& bench) { count(bench, "/proc/self/fd", "open files"); }
void threads(TaskBench& bench) { count(bench, "/proc/self/task", "threads"); }

}  // namespace

TaskTest close_test(std::string_view id) {
  if (id == "close.memory") return &memory;
  if (id == "close.descriptors") return &descriptors;
  if (id == "close.threads") return &threads;
  return nullptr;
}

}  // namespace sojourn
