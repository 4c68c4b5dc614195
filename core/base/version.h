#pragma once

namespace sojourn {

// Of the program; also in CMakeLists.txt and CHANGELOG.md.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace sojourn
