// Numbers as text, the same in every locale and with every standard library.
#pragma once

#include <charconv>
#include <cmath>
#include <limits>
#include <locale>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// The shortest text that number_of() turns into the same number, infinities too. Number: float or
// double.
template <class Number>
std::string number_text(Number number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};
}

// The number that all of the text is, "inf" and "-inf" included; nothing for any other text.
inline std::optional<double> number_of(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "inf") return kInfinity;
  if (text == "-inf") return -kInfinity;
  // Not std::from_chars: not every standard library has it for numbers that aren't whole.
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  double number = 0;
  stream >> std::noskipws >> number;
  const bool whole = !stream.fail() && stream.peek() == std::istringstream::traits_type::eof();
  return whole && std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
