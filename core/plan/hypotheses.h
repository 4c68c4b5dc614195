// Whether the hypotheses of a study are about something that its plan scores.
#pragma once

#include "core/config/languages.h"
#include "core/plan/plan.h"

namespace sojourn {

// Throws Error(kInput) at the study's line for a hypothesis about a language that none of its
// targets scores (with the nearest that is), or about a group none of whose languages is scored.
void check_hypotheses(const Study& study, const Grouping& grouping, const Plan& plan);

}  // namespace sojourn
