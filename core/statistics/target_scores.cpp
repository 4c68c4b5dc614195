#include "core/statistics/target_scores.h"

#include <numeric>
#include <set>
#include <unordered_map>

#include "core/base/error.h"

namespace sojourn {

namespace {

std::string name_of(const TargetScores& scores, const LanguageScores& language) {
  return scores.target + " " + language.language;
}

void check_metrics(const TargetScores& scores) {
  if (scores.metrics.empty()) throw input_error(scores.target, "has no metric to compare arms by");
  for (const auto& metric : scores.metrics) {
    if (metric.how == MetricSpec::How::kMargin)
      throw input_error(scores.target, "the metric '" + metric.name +
                                           "' is the margin of another one, and no score itself");
    for (const auto argument : metric.arguments) {
      if (argument >= scores.statistics)
        throw input_error(scores.target, "the metric '" + metric.name + "' needs statistic " +
                                             std::to_string(argument) + " of " +
                                             std::to_string(scores.statistics));
    }
  }
}

// Disjoint sets of numbers, by their smallest element.
class Sets {
 public:
  std::uint32_t add() {
    parents_.push_back(static_cast<std::uint32_t>(parents_.size()));
    return parents_.back();
  }
  std::uint32_t find(std::uint32_t x) {
    while (parents_[x] != x) x = parents_[x] = parents_[parents_[x]];
    return x;
  }
  void unite(std::uint32_t x, std::uint32_t y) {
    x = find(x);
    y = find(y);
    (x < y ? parents_[y] : parents_[x]) = std::min(x, y);
  }

 private:
  std::vector<std::uint32_t> parents_;
};

}  // namespace

double score_of(const TargetScores& scores, const std::vector<double>& sums) {
  double sum = 0;
  for (const auto& metric : scores.metrics) sum += metric.evaluate(sums);
  return sum / static_cast<double>(scores.metrics.size());
}

void check(const TargetScores& scores) {
  check_metrics(scores);
  std::set<std::string> seen;
  for (const auto& language : scores.languages) {
    const std::string where = name_of(scores, language);
    if (!seen.insert(language.language).second) throw input_error(where, "is there twice");
    const std::size_t cells = scores.arms.size() * scores.seeds.size();
    if (language.cells.size() != cells)
      throw input_error(where, std::to_string(language.cells.size()) + " cells, expected " +
                                   std::to_string(cells) + ": arms times seeds");
    const std::size_t size = language.units.size() * scores.statistics;
    for (const auto& cell : language.cells) {
      if (!cell.empty() && cell.size() != size)
        throw input_error(where, std::to_string(cell.size()) + " statistics, expected " +
                                     std::to_string(size) + ": " +
                                     std::to_string(scores.statistics) + " for each of " +
                                     std::to_string(language.units.size()) + " examples");
    }
  }
}

std::vector<std::vector<std::uint32_t>> resampling_units(
    std::span<const std::vector<ExampleTies>> languages) {
  Sets sets;
  std::unordered_map<std::string, std::uint32_t> by_align;
  std::vector<std::vector<std::uint32_t>> units;
  for (const auto& language : languages) {
    // Documents of two languages may have one name and nothing else in common.
    std::unordered_map<std::string, std::uint32_t> by_cluster;
    units.emplace_back();
    for (const auto& ties : language) {
      const std::uint32_t mine = sets.add();
      sets.unite(mine, by_align.emplace(ties.align, mine).first->second);
      sets.unite(mine, by_cluster.emplace(ties.cluster, mine).first->second);
      units.back().push_back(mine);
    }
  }
  std::unordered_map<std::uint32_t, std::uint32_t> numbers;
  for (auto& language : units) {
    for (auto& unit : language) {
      const auto next = static_cast<std::uint32_t>(numbers.size());
      unit = numbers.emplace(sets.find(unit), next).first->second;
    }
  }
  return units;
}

}  // namespace sojourn
