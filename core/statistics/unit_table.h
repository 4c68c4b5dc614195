// The scores of a target by unit: what moves a score by how much, and the columns that resampling
// sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/statistics/target_scores.h"

namespace sojourn {

struct CellTable {
  bool there = false;
  double score = 0;  // in percent
  // [units of the language]: how far a unit moves the score, to first order: the gradient of the
  // score at the sums of all examples, times the unit's own sums, in points. They sum to 0.
  std::vector<double> influence;
  // [statistics]: which of the language's columns sums to it; statistics that no metric needs have
  // none.
  std::vector<std::size_t> columns;
};

struct LanguageTable {
  std::string language;
  std::size_t examples = 0;
  std::vector<std::uint32_t> units;          // numbers of its units, ascending
  std::vector<CellTable> cells;              // [arms, seeds]
  std::vector<std::vector<double>> columns;  // [distinct columns][units]: sums of a statistic
};

// Sums the statistics by unit. Equal columns of one language (the number of gold items) are kept
// once. On up to `threads` threads.
std::vector<LanguageTable> unit_tables(const TargetScores& scores, int threads);

}  // namespace sojourn
