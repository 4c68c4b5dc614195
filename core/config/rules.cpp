#include "core/config/rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/base/error.h"
#include "core/config/number.h"

namespace sojourn::config {

namespace {

Error wrong_type(const Value& value, const Spot& spot, const std::string& expected) {
  return input_error(value.where,
                     spot.label + ": expected " + expected + ", found " + value.found());
}

std::string range_text(const Range& range, double found) {
  const auto whole = [](double bound) { return std::to_string(std::llround(bound)); };
  if (range.min == range.max) return "must be " + whole(range.min);
  if (!std::isfinite(range.min)) return "must be finite";
  if (std::isfinite(range.max)) {
    return std::string("must be in ") + (range.min_open ? "(" : "[") + whole(range.min) + ", " +
           whole(range.max) + (range.max_open ? ")" : "]");
  }
  const std::string finite = std::isfinite(found) ? "" : "finite and ";
  return "must be " + finite + (range.min_open ? "greater than " : "at least ") + whole(range.min);
}

void check_range(const Value& value, const Spot& spot, double number, const std::string& found) {
  if (in_range(number, spot.rule.range)) return;
  throw input_error(value.where,
                    spot.label + " " + range_text(spot.rule.range, number) + ", found " + found);
}

bool is_folder_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !text.starts_with('.') && std::all_of(text.begin(), text.end(), allowed);
}

bool fits(std::string_view text, Words words) {
  if (words == Words::kAny) return !text.empty();
  if (words == Words::kFolderName) return !text.empty() && is_folder_name(text);
  const auto known = choices(words);
  return std::find(known.begin(), known.end(), text) != known.end();
}

std::string words_text(Words words) {
  if (words == Words::kAny) return "must not be empty";
  if (words == Words::kFolderName)
    return "must be letters, digits, '-', '_' and '.', and not start with '.'";
  const auto known = choices(words);
  std::string text;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) text += i + 1 == known.size() ? " or " : ", ";
    text.append("'").append(known[i]).append("'");
  }
  if (words == Words::kLayers) text += " (a single layer is the key 'layer')";
  return "must be " + text;
}

template <class T>
void push_distinct(const Value& value, const Spot& spot, T item, const std::string& text,
                   std::vector<T>& into) {
  if (std::find(into.begin(), into.end(), item) != into.end()) {
    throw input_error(value.where, spot.label + " holds " + text + " twice");
  }
  into.push_back(std::move(item));
}

}  // namespace

std::span<const std::string_view> choices(Words words) {
  static constexpr std::array<std::string_view, 3> kSplits{"train", "dev", "test"};
  static constexpr std::array<std::string_view, 2> kKeeps{"intermediates", "all"};
  static constexpr std::array<std::string_view, 1> kSweeps{kAllLayers};
  static constexpr std::array<std::string_view, 3> kSamplings{"size", "weights", "all"};
  static constexpr std::array<std::string_view, 2> kAdapters{"none", "lora"};
  static constexpr std::array<std::string_view, 5> kDirections{"helps", "harms", "no harm",
                                                               "no gain", "no difference"};
  switch (words) {
    case Words::kSplit:
      return kSplits;
    case Words::kKeep:
      return kKeeps;
    case Words::kLayers:
      return kSweeps;
    case Words::kSampling:
      return kSamplings;
    case Words::kAdapter:
      return kAdapters;
    case Words::kDirection:
      return kDirections;
    case Words::kAny:
    case Words::kFolderName:
      break;
  }
  return {};
}

std::string_view rival_of(std::string_view key) {
  std::string_view found;
  const auto search = [&](const auto& keys) {
    for (const auto& one : keys) {
      if (one.rule.rival.empty()) continue;
      if (one.name == key) found = one.rule.rival;
      if (one.rule.rival == key) found = one.name;
    }
  };
  search(kRecipeKeys);
  search(kIntermediateKeys);
  search(kTargetKeys);
  search(kHypothesisKeys);
  return found;
}

const Value::List& as_list(const Value& value, const Spot& spot, const std::string& expected) {
  const auto* list = value.list();
  if (list == nullptr) throw wrong_type(value, spot, expected);
  if (list->empty() && !spot.rule.may_be_empty) {
    throw input_error(value.where, spot.label + " must not be an empty list");
  }
  return *list;
}

bool in_range(double number, const Range& range) {
  const bool above = range.min_open ? number > range.min : number >= range.min;
  const bool below = range.max_open ? number < range.max : number <= range.max;
  return above && below && std::isfinite(number);
}

void read_value(const Value& value, const Spot& spot, std::int64_t& into) {
  const auto* integer = std::get_if<std::int64_t>(&value.data);
  if (integer == nullptr) throw wrong_type(value, spot, "an integer");
  check_range(value, spot, static_cast<double>(*integer), std::to_string(*integer));
  into = *integer;
}

void read_value(const Value& value, const Spot& spot, std::optional<std::int64_t>& into) {
  read_value(value, spot, into.emplace());
}

void read_value(const Value& value, const Spot& spot, double& into) {
  const auto* number = std::get_if<double>(&value.data);
  const auto* integer = std::get_if<std::int64_t>(&value.data);
  if (number == nullptr && integer == nullptr) throw wrong_type(value, spot, "a number");
  const double found = number != nullptr ? *number : static_cast<double>(*integer);
  check_range(value, spot, found, number_text(found));
  into = found;
}

void read_value(const Value& value, const Spot& spot, std::optional<double>& into) {
  read_value(value, spot, into.emplace());
}

void read_value(const Value& value, const Spot& spot, bool& into) {
  const auto* truth = std::get_if<bool>(&value.data);
  if (truth == nullptr) throw wrong_type(value, spot, "true or false");
  into = *truth;
}

std::string read_text(const Value& value, const Spot& spot) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) throw wrong_type(value, spot, "a string");
  if (!fits(*text, spot.rule.words)) {
    throw input_error(value.where,
                      spot.label + " " + words_text(spot.rule.words) + ", found '" + *text + "'");
  }
  return *text;
}

void read_value(const Value& value, const Spot& spot, std::string& into) {
  into = read_text(value, spot);
}

void read_value(const Value& value, const Spot& spot, std::vector<std::string>& into) {
  into.clear();
  if (spot.rule.or_one && value.list() == nullptr) {
    if (!std::holds_alternative<std::string>(value.data)) {
      throw wrong_type(value, spot, "a string or a list of strings");
    }
    into.push_back(read_text(value, spot));
    return;
  }
  for (const Value& item : as_list(value, spot, "a list of strings")) {
    const std::string text = read_text(item, spot);
    push_distinct(item, spot, text, "'" + text + "'", into);
  }
  if (spot.rule.one_task && into.size() > 1) {
    throw input_error(value.where, spot.label + " names " + std::to_string(into.size()) +
                                       " tasks; expected one: more are trained beside it by a "
                                       "joint [[intermediate]]");
  }
}

void read_value(const Value& value, const Spot& spot, std::vector<std::uint64_t>& into) {
  into.clear();
  for (const Value& item : as_list(value, spot, "a list of integers")) {
    std::int64_t number = 0;
    read_value(item, spot, number);
    push_distinct(item, spot, static_cast<std::uint64_t>(number), std::to_string(number), into);
  }
}

void read_value(const Value& value, const Spot& spot, std::vector<std::int64_t>& into) {
  into.clear();
  const auto* word = std::get_if<std::string>(&value.data);
  if (word != nullptr && *word == kAllLayers) return;
  for (const Value& item : as_list(value, spot, "\"all\" or a list of integers")) {
    std::int64_t number = 0;
    read_value(item, spot, number);
    push_distinct(item, spot, number, std::to_string(number), into);
  }
}

void read_value(const Value& value, const Spot& spot, OptionValue& into) {
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    into = *text;
    return;
  }
  const bool number = std::holds_alternative<double>(value.data) ||
                      std::holds_alternative<std::int64_t>(value.data);
  if (!number) throw wrong_type(value, spot, "a number or a string");
  double read = 0;
  read_value(value, spot, read);
  into = read;
}

template <class V>
std::vector<PartialRecipe::Number> read_grid(const Value& value, const Spot& spot) {
  std::vector<PartialRecipe::Number> into;
  for (const Value& item : as_list(value, spot, "a list of numbers")) {
    V number = 0;
    read_value(item, spot, number);
    push_distinct(item, spot, PartialRecipe::Number(number), number_text(number), into);
  }
  return into;
}
template std::vector<PartialRecipe::Number> read_grid<std::int64_t>(const Value&, const Spot&);
template std::vector<PartialRecipe::Number> read_grid<double>(const Value&, const Spot&);

}  // namespace sojourn::config
