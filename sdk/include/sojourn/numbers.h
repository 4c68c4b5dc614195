// Numbers as text, the same in every locale and with every standard library.
#pragma once

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#ifndef __cpp_lib_to_chars
#include <locale>
#include <sstream>
#endif

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// The shortest text that number_of() turns into the same number, infinities too. Number: float or
// double.
template <class Number>
std::string number_text(Number number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};
}

// The number that all of the text is, in decimal digits, "inf" and "-inf" included; nothing for any
// other text.
inline std::optional<double> number_of(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "inf") return kInfinity;
  if (text == "-inf") return -kInfinity;
  // Readers differ in what else they take.
  if (text.empty() || text.front() == '+' ||
      text.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  double number = 0;
#ifdef __cpp_lib_to_chars
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
#else  // a standard library that reads whole numbers only in this way
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  stream >> std::noskipws >> number;
  const bool whole = !stream.fail() && stream.peek() == std::istringstream::traits_type::eof();
#endif
  return whole && number < kInfinity && number > -kInfinity ? std::optional<double>(number)
                                                            : std::nullopt;
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
