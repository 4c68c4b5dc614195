// What concerns more than one key of a study.
#pragma once

#include "core/config/study.h"

namespace sojourn::config {

// Throws Error(kInput) at a key that doesn't go with the others.
void check_study(const Study& study);

}  // namespace sojourn::config
