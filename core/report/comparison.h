// What changed between two runs, which need not be of one study.
#pragma once

#include <string>

#include "core/report/run_folder.h"

namespace sojourn {

// For a terminal: lines of the study, versions, encoder and data files that differ, then the scores
// of cells that both have, by arm and target.
std::string comparison_page(const RunFolder& before, const RunFolder& after);

}  // namespace sojourn
