// What a check of data found, for people and for programs.
#pragma once

#include <string>

#include "core/data/check.h"

namespace sojourn {

// A line for each data set, then what was noted, what isn't there, what isn't in the training
// language's script, and overlaps. Errors aren't in it.
std::string data_table(const DataCheck& check);

// One object: sets, absent, overlaps; counts only, no shares. A set with an error has no counts.
std::string data_json(const DataCheck& check);

// "task split language".
std::string name_of(const CheckedSet& set);

}  // namespace sojourn
