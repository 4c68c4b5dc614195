// The bootstrap over test examples: units are drawn with replacement, the same for all arms, seeds
// and languages.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "core/base/philox.h"
#include "core/statistics/unit_table.h"

namespace sojourn {

// How often each unit is in a resample: independent Poisson numbers of mean 1 (Chamandy et al.,
// Estimating Uncertainty for Massive Data Streams, 2012), so that a unit's number is a function of
// (seed, target, resample, unit) and of nothing else.
class ResampleWeights {
 public:
  ResampleWeights(std::uint64_t seed, std::string_view target);
  // Those of units 0 .. units - 1, rounded up to the next multiple of 4, in resample `resample`.
  std::vector<std::uint8_t> operator()(std::uint32_t resample, std::uint32_t units) const;

 private:
  Philox random_;
};

// Scores of one resample, by language and cell, in percent; 0 where a cell is missing.
using ResampledScores = std::vector<std::vector<double>>;

struct ResamplePlan {
  std::uint64_t seed = 1;
  int resamples = 0;
  int threads = 1;
  std::function<void(double share)> progress = {};
};

// Calls take(resample, scores) for each resample, from several threads, in no particular order.
void resample(const TargetScores& scores, const std::vector<LanguageTable>& tables,
              const ResamplePlan& plan,
              const std::function<void(std::size_t, const ResampledScores&)>& take);

}  // namespace sojourn
