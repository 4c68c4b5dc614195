// Numbers as text.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace sojourn::config {

// The shortest text that reads back as the same number: "0.1", "2e-05", "1".
inline std::string number_text(double number) {
  std::array<char, 32> buffer{};
  const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), end};
}

inline std::string number_text(std::int64_t number) { return std::to_string(number); }

}  // namespace sojourn::config
