// What `--set` does to a study file before it is read.
#pragma once

#include <string>

#include "core/config/value.h"

namespace sojourn::config {

// Applies one KEY=VALUE to the document; see load_study(). Keys aren't checked here: they get the
// same check as those of a file, later. Throws Error(kInput) where the way to the key doesn't
// exist.
void apply_override(const std::string& text, Value& document);

}  // namespace sojourn::config
