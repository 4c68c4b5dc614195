// The table that a run ends with: arms against languages, and the difference to the baseline.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/config/study.h"
#include "core/report/results.h"

namespace sojourn {

// Columns filled up with spaces to equal widths, two spaces between them; the last one is as it is.
std::string left_aligned(const std::vector<std::vector<std::string>>& lines);

// The same with two spaces before each line, and from the given column on (from 0), all columns
// flush right.
std::string numbers_right(std::vector<std::vector<std::string>> lines, std::size_t column);

// An arm, and the one that it is compared with; itself if it is a baseline.
struct ComparedArm {
  std::string name;
  std::string baseline;
};

// For each target its primary metric, mean over seeds, a column per language and their mean; under
// each arm but a baseline, its difference to its baseline. Cells without a result are "-". With
// several seeds, a line gives the standard deviation over seeds of the mean column.
//
//   arms     in the order of the table, the baselines among them
//   targets  in the order of the table, as in ResultRow::target
std::string results_table(const std::vector<ResultRow>& rows, const std::vector<ComparedArm>& arms,
                          const std::vector<std::string>& targets);
// The same with the arms, baselines and targets of a study; the intermediate stages come first.
std::string results_table(const std::vector<ResultRow>& rows, const Study& study);

}  // namespace sojourn
