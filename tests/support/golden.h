// The files that tests/golden/make_golden.py writes.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/base/file.h"

namespace sojourn {

// tests/golden/<name>.json.
inline nlohmann::json read_golden(const std::string& name) {
  return nlohmann::json::parse(
      read_file(std::string(SOJOURN_SOURCE_DIR) + "/tests/golden/" + name + ".json"));
}

}  // namespace sojourn
