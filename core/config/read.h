// A document's values in a study's members.
#pragma once

#include <filesystem>

#include "core/config/study.h"
#include "core/config/value.h"

namespace sojourn::config {

// Fills a study by the tables in keys.h. `directory` is the folder that relative paths in
// resolved_toml() are relative to. Throws Error(kInput) for what concerns one key: unknown,
// missing, one too many, of another type, out of range.
Study read_study(const Value& document, const std::filesystem::path& directory);

}  // namespace sojourn::config
