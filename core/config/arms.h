// Names of arms before the grids that all arms share.
#pragma once

#include <string>
#include <vector>

#include "core/config/study.h"

namespace sojourn::config {

// "none", and each intermediate with each combination of its own grid: what a baseline may be.
std::vector<std::string> unshared_names(const Study& study);

}  // namespace sojourn::config
