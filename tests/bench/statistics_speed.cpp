// Time and memory of the statistics of a study: by default of 5 arms, 40 languages, 9 targets,
// 3 seeds and 5,000 examples, with 2,000 resamples, on 2 threads.
//
//   statistics_speed [THREADS [TARGETS]]
//
// Half of the targets are accuracies and half F1 over items; the languages of every third one are
// translations, the others have examples of their own. Making up the scores isn't counted.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "core/base/philox.h"
#include "core/statistics/analysis.h"

namespace sojourn {
namespace {

constexpr std::size_t kArms = 5;
constexpr std::size_t kSeeds = 3;
constexpr std::size_t kLanguages = 40;
constexpr std::size_t kExamples = 5000;

TargetScores make_target(std::size_t number) {
  const bool f1 = number % 2 == 1;
  const bool parallel = number % 3 == 0;
  TargetScores scores;
  scores.target = "target" + std::to_string(number);
  scores.statistics = f1 ? 3 : 2;
  MetricSpec metric{"score", "score", MetricSpec::How::kRatio, {0, 1}, true};
  if (f1) metric = {"score", "score", MetricSpec::How::kF1, {0, 1, 2}, true};
  scores.metrics = {metric};
  for (std::size_t a = 0; a < kArms; ++a) scores.arms.push_back("arm" + std::to_string(a));
  for (std::size_t s = 1; s <= kSeeds; ++s) scores.seeds.push_back(s);
  for (std::size_t l = 0; l < kLanguages; ++l) {
    LanguageScores language;
    language.language = "l" + std::to_string(l);
    for (std::size_t n = 0; n < kExamples; ++n)
      language.units.push_back(static_cast<std::uint32_t>(parallel ? n : l * kExamples + n));
    for (std::size_t c = 0; c < kArms * kSeeds; ++c) {
      const auto right = random_uniform({number, 0, l * 100 + c}, "bench", kExamples);
      auto& cell = language.cells.emplace_back();
      for (const float r : right) {
        cell.push_back(r < 0.6F ? 1 : 0);
        if (f1) cell.push_back(r < 0.9F ? 1 : 0);
        cell.push_back(1);
      }
    }
    scores.languages.push_back(std::move(language));
  }
  return scores;
}

std::vector<Subject> subjects() {
  std::vector<Subject> all;
  Subject mean{"all", {}, {}};
  Subject low_less_high{"low less high", {}, {}};
  for (std::size_t l = 0; l < kLanguages; ++l) {
    const std::string name = "l" + std::to_string(l);
    all.push_back({name, {name}, {}});
    mean.plus.push_back(name);
    (l < kLanguages / 2 ? low_less_high.plus : low_less_high.minus).push_back(name);
  }
  all.push_back({"low", low_less_high.plus, {}});
  all.push_back({"high", low_less_high.minus, {}});
  all.push_back(mean);
  all.push_back(low_less_high);
  return all;
}

int run(int threads, std::size_t targets) {
  std::vector<Comparison> comparisons;
  for (std::size_t arm = 1; arm < kArms; ++arm) comparisons.push_back({arm, 0});
  AnalysisOptions options;
  options.threads = threads;
  std::vector<TargetAnalysis> analyses;
  double seconds = 0;
  for (std::size_t t = 0; t < targets; ++t) {
    const TargetScores scores = make_target(t);
    const auto start = std::chrono::steady_clock::now();
    analyses.push_back(analyse(scores, comparisons, subjects(), options));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    seconds += took.count();
    std::printf("target %zu of %zu: %.1f s\n", t + 1, targets, took.count());
    std::fflush(stdout);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto cpu = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  std::printf(
      "%zu targets on %d threads: %.1f s, at most %.2f GB (with making them up, %.1f s of CPU)\n",
      targets, threads, seconds, static_cast<double>(usage.ru_maxrss) / 1e6,
      cpu(usage.ru_utime) + cpu(usage.ru_stime));
  return 0;
}

}  // namespace
}  // namespace sojourn

int main(int argc, char** argv) {
  try {
    return sojourn::run(argc > 1 ? static_cast<int>(std::strtol(argv[1], nullptr, 10)) : 2,
                        argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 9);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
