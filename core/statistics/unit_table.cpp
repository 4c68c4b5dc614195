#include "core/statistics/unit_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "core/base/parallel.h"

namespace sojourn {

namespace {

using Columns = std::vector<std::vector<double>>;  // [statistics][units]

std::vector<bool> needed_statistics(const TargetScores& scores) {
  std::vector<bool> needed(scores.statistics, false);
  for (const auto& metric : scores.metrics)
    for (const auto argument : metric.arguments) needed[argument] = true;
  return needed;
}

// Of the correlation of x and y, by n and the sums of x, y, x x, y y, x y.
std::array<double, 6> correlation_gradient(const std::array<double, 6>& sums) {
  const auto& [n, x, y, xx, yy, xy] = sums;
  const double spread_x = n * xx - x * x;
  const double spread_y = n * yy - y * y;
  if (!(spread_x * spread_y > 0)) return {};
  const double scale = 1 / std::sqrt(spread_x * spread_y);
  const double r = (n * xy - x * y) * scale;
  return {xy * scale - r / 2 * (xx / spread_x + yy / spread_y),
          r * x / spread_x - y * scale,
          r * y / spread_y - x * scale,
          -r / 2 * n / spread_x,
          -r / 2 * n / spread_y,
          n * scale};
}

// The derivative of a metric by each statistic, in points.
std::vector<double> gradient(const MetricSpec& metric, const std::vector<double>& sums) {
  std::vector<double> by(sums.size(), 0.0);
  const auto sum = [&](std::size_t i) { return sums[metric.arguments[i]]; };
  if (metric.how == MetricSpec::How::kRatio) {
    if (sum(1) == 0) return by;
    by[metric.arguments[0]] += 100 / sum(1);
    by[metric.arguments[1]] -= 100 * sum(0) / (sum(1) * sum(1));
    return by;
  }
  if (metric.how == MetricSpec::How::kPearson) {
    const auto found = correlation_gradient({sum(0), sum(1), sum(2), sum(3), sum(4), sum(5)});
    for (std::size_t i = 0; i < found.size(); ++i) by[metric.arguments[i]] += 100 * found[i];
    return by;
  }
  const double both = sum(1) + sum(2);  // F1
  if (both == 0) return by;
  by[metric.arguments[0]] += 200 / both;
  for (const std::size_t i : {1U, 2U}) by[metric.arguments[i]] -= 200 * sum(0) / (both * both);
  return by;
}

std::vector<double> score_gradient(const TargetScores& scores, const std::vector<double>& sums) {
  std::vector<double> mean(sums.size(), 0.0);
  for (const auto& metric : scores.metrics) {
    const auto by = gradient(metric, sums);
    for (std::size_t k = 0; k < by.size(); ++k)
      mean[k] += by[k] / static_cast<double>(scores.metrics.size());
  }
  return mean;
}

Columns sum_by_unit(const CellStatistics& cell, const std::vector<std::size_t>& unit_of,
                    std::size_t units, const std::vector<bool>& needed) {
  Columns columns(needed.size());
  for (std::size_t k = 0; k < needed.size(); ++k) {
    if (!needed[k]) continue;
    columns[k].resize(units);
    for (std::size_t i = 0; i < unit_of.size(); ++i)
      columns[k][unit_of[i]] += cell[i * needed.size() + k];
  }
  return columns;
}

void fill_cell(const TargetScores& scores, const Columns& columns, std::size_t units,
               CellTable& cell) {
  std::vector<double> sums(columns.size(), 0.0);
  for (std::size_t k = 0; k < columns.size(); ++k)
    for (const double value : columns[k]) sums[k] += value;
  cell.there = true;
  cell.score = score_of(scores, sums);
  cell.influence.resize(units);
  const auto by = score_gradient(scores, sums);
  for (std::size_t k = 0; k < columns.size(); ++k)
    for (std::size_t u = 0; u < columns[k].size(); ++u) cell.influence[u] += by[k] * columns[k][u];
}

// The number of `column` among `known`, to which it is added where it is new. Columns that differ
// from cell to cell are compared with the first one of their statistic only.
std::size_t keep_column(std::vector<double> column, std::size_t statistic,
                        std::map<std::size_t, std::size_t>& first, Columns& known) {
  const auto [at, added] = first.emplace(statistic, known.size());
  if (!added && known[at->second] == column) return at->second;
  known.push_back(std::move(column));
  return known.size() - 1;
}

LanguageTable unit_table(const TargetScores& scores, const LanguageScores& language,
                         const std::vector<bool>& needed) {
  LanguageTable table;
  table.language = language.language;
  table.examples = language.units.size();
  table.units = language.units;
  std::sort(table.units.begin(), table.units.end());
  table.units.erase(std::unique(table.units.begin(), table.units.end()), table.units.end());
  std::vector<std::size_t> unit_of;  // [examples], from 0 within the language
  for (const auto unit : language.units) {
    const auto at = std::lower_bound(table.units.begin(), table.units.end(), unit);
    unit_of.push_back(static_cast<std::size_t>(at - table.units.begin()));
  }
  std::map<std::size_t, std::size_t> first;
  for (const auto& statistics : language.cells) {
    CellTable& cell = table.cells.emplace_back();
    if (statistics.empty()) continue;
    auto columns = sum_by_unit(statistics, unit_of, table.units.size(), needed);
    fill_cell(scores, columns, table.units.size(), cell);
    cell.columns.resize(needed.size());
    for (std::size_t k = 0; k < needed.size(); ++k) {
      if (needed[k]) cell.columns[k] = keep_column(std::move(columns[k]), k, first, table.columns);
    }
  }
  return table;
}

}  // namespace

std::vector<LanguageTable> unit_tables(const TargetScores& scores, int threads) {
  const auto needed = needed_statistics(scores);
  std::vector<LanguageTable> tables(scores.languages.size());
  parallel_for(static_cast<std::int64_t>(tables.size()), threads, [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    tables[at] = unit_table(scores, scores.languages[at], needed);
  });
  return tables;
}

}  // namespace sojourn
