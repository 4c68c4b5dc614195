// Study files that extend others.
#pragma once

#include <filesystem>

#include "core/config/value.h"

namespace sojourn::config {

// The document of `file`, over that of the file that its key `extends` names, and so on; the key
// itself is gone. Tables are merged key by key; an item of [[intermediate]] or [[target]] is merged
// with the base's of the same name (else task), or follows them; all else is replaced. Throws
// Error(kInput): no such file, broken TOML, or files that extend each other in a circle.
Value read_extended(const std::filesystem::path& file);

}  // namespace sojourn::config
