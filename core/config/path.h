// Paths as users write them.
#pragma once

#include <filesystem>
#include <string>

namespace sojourn::config {

// Expands a leading ~, $VAR and ${VAR}, then puts what is relative under `base` (empty: the working
// directory) and removes "." and "..". A $ before anything else stays as it is. Throws
// Error(kInput) at `where` for a variable that is unset or empty, ~user, and a ${ without its }.
std::filesystem::path resolve_path(const std::string& written, const std::filesystem::path& base,
                                   const std::string& where);

}  // namespace sojourn::config
