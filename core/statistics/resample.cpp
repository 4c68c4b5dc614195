#include "core/statistics/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/base/cancel.h"
#include "core/base/parallel.h"
#include "core/model/clones.h"

namespace sojourn {

namespace {

constexpr std::size_t kLanes = 16;  // resamples at once, in registers

// P(N <= n) of a Poisson number of mean 1, as 32-bit thresholds: the number is that of the
// thresholds that a random word reaches. The last is P(N <= 12), short of 1 by less than 2^-32.
std::array<std::uint32_t, 13> poisson_thresholds() {
  std::array<std::uint32_t, 13> thresholds{};
  double probability = std::exp(-1.0);
  double sum = 0;
  for (std::size_t n = 0; n < thresholds.size(); ++n) {
    sum += probability;
    probability /= static_cast<double>(n + 1);
    thresholds[n] = static_cast<std::uint32_t>(std::min(sum * 0x1.0p32, 0x1.0p32 - 1));
  }
  return thresholds;
}

std::uint8_t poisson(std::uint32_t word) {
  static const auto thresholds = poisson_thresholds();
  // Without branches up to 4, which 98 % are below: the branches would be as random as the word.
  int n = (word >= thresholds[0] ? 1 : 0) + (word >= thresholds[1] ? 1 : 0) +
          (word >= thresholds[2] ? 1 : 0) + (word >= thresholds[3] ? 1 : 0);
  if (n == 4) {
    for (auto at = thresholds.begin() + 4; at != thresholds.end() && word >= *at; ++at) ++n;
  }
  return static_cast<std::uint8_t>(n);
}

// sums[lane] = sum over units of weights[unit][lane] * column[unit]
SOJOURN_CLONES void weighted_sums(const double* column, const double* weights, std::size_t units,
                                  double* sums) {
  std::array<double, kLanes> all{};
  for (std::size_t u = 0; u < units; ++u) {
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      all[lane] += weights[u * kLanes + lane] * column[u];
  }
  std::copy(all.begin(), all.end(), sums);
}

using Sums = std::vector<std::array<double, kLanes>>;  // by column

// Scores of a language's cells in each lane.
void score_lanes(const TargetScores& scores, const LanguageTable& table, const Sums& sums,
                 std::size_t language, std::vector<ResampledScores>& lanes) {
  std::vector<double> cell_sums(scores.statistics);
  for (std::size_t c = 0; c < table.cells.size(); ++c) {
    const CellTable& cell = table.cells[c];
    if (!cell.there) continue;
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      for (const auto& metric : scores.metrics)
        for (const auto k : metric.arguments) cell_sums[k] = sums[cell.columns[k]][lane];
      lanes[lane][language][c] = score_of(scores, cell_sums);
    }
  }
}

std::uint32_t number_of_units(const std::vector<LanguageTable>& tables) {
  std::uint32_t units = 0;
  for (const auto& table : tables)
    if (!table.units.empty()) units = std::max(units, table.units.back() + 1);
  return units;
}

class Block {
 public:
  Block(const TargetScores& scores, const std::vector<LanguageTable>& tables,
        const ResampleWeights& weights)
      : scores_(&scores), tables_(&tables), weights_(&weights), units_(number_of_units(tables)) {}

  // The scores of resamples first .. first + lanes.size() - 1.
  void run(std::size_t first, std::vector<ResampledScores>& lanes) const {
    std::vector<std::vector<std::uint8_t>> counts;
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      counts.push_back((*weights_)(static_cast<std::uint32_t>(first + lane), units_));
      for (const auto& table : *tables_) lanes[lane].emplace_back(table.cells.size(), 0.0);
    }
    std::vector<double> weights;
    for (std::size_t l = 0; l < tables_->size(); ++l) {
      const LanguageTable& table = (*tables_)[l];
      weights.assign(table.units.size() * kLanes, 0.0);
      for (std::size_t u = 0; u < table.units.size(); ++u)
        for (std::size_t lane = 0; lane < counts.size(); ++lane)
          weights[u * kLanes + lane] = counts[lane][table.units[u]];
      Sums sums(table.columns.size());
      for (std::size_t c = 0; c < sums.size(); ++c)
        weighted_sums(table.columns[c].data(), weights.data(), table.units.size(), sums[c].data());
      score_lanes(*scores_, table, sums, l, lanes);
    }
  }

 private:
  const TargetScores* scores_;
  const std::vector<LanguageTable>* tables_;
  const ResampleWeights* weights_;
  std::uint32_t units_;
};

}  // namespace

ResampleWeights::ResampleWeights(std::uint64_t seed, std::string_view target)
    : random_({seed, 0, 0}, "resample/" + std::string(target)) {}

std::vector<std::uint8_t> ResampleWeights::operator()(std::uint32_t resample,
                                                      std::uint32_t units) const {
  std::vector<std::uint8_t> weights;
  weights.reserve(units + 3);
  for (std::uint32_t u = 0; u < units; u += 4)
    for (const auto word : random_(u / 4, resample)) weights.push_back(poisson(word));
  return weights;
}

void resample(const TargetScores& scores, const std::vector<LanguageTable>& tables,
              const ResamplePlan& plan,
              const std::function<void(std::size_t, const ResampledScores&)>& take) {
  constexpr std::size_t kBlocksBetweenReports = 8;
  const ResampleWeights weights(plan.seed, scores.target);
  const Block block(scores, tables, weights);
  const auto resamples = static_cast<std::size_t>(plan.resamples);
  const std::size_t blocks = (resamples + kLanes - 1) / kLanes;
  for (std::size_t done = 0; done < blocks; done += kBlocksBetweenReports) {
    throw_if_interrupted();
    const std::size_t now = std::min(kBlocksBetweenReports, blocks - done);
    parallel_for(static_cast<std::int64_t>(now), plan.threads, [&](std::int64_t i) {
      const std::size_t first = (done + static_cast<std::size_t>(i)) * kLanes;
      std::vector<ResampledScores> lanes(std::min(kLanes, resamples - first));
      block.run(first, lanes);
      for (std::size_t lane = 0; lane < lanes.size(); ++lane) take(first + lane, lanes[lane]);
    });
    if (plan.progress) plan.progress(static_cast<double>(done + now) / static_cast<double>(blocks));
  }
}

}  // namespace sojourn
