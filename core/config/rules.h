// Single values of a study: their types, and the rules they must keep.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/keys.h"
#include "core/config/value.h"

namespace sojourn::config {

inline constexpr std::string_view kAllLayers = "all";

// A key in messages, "'warmup' in [recipes.default]", and what holds for it.
struct Spot {
  std::string label;
  Rule rule;
};

// The words of a closed set; none where any are taken.
std::span<const std::string_view> choices(Words words);

// The key that may not stand beside this one in a table; "" where there is none.
std::string_view rival_of(std::string_view key);

// Finite, and within the range.
bool in_range(double number, const Range& range);

// Each throws Error(kInput) at the value's place: another type, or against the rule. An integer is
// taken where a float is wanted, never the reverse.
void read_value(const Value& value, const Spot& spot, std::int64_t& into);
void read_value(const Value& value, const Spot& spot, std::optional<std::int64_t>& into);
void read_value(const Value& value, const Spot& spot, double& into);
void read_value(const Value& value, const Spot& spot, std::optional<double>& into);
void read_value(const Value& value, const Spot& spot, bool& into);
void read_value(const Value& value, const Spot& spot, std::string& into);
// Lists: of distinct items, and not empty.
void read_value(const Value& value, const Spot& spot, std::vector<std::string>& into);
void read_value(const Value& value, const Spot& spot, std::vector<std::uint64_t>& into);
// "all" is the empty list.
void read_value(const Value& value, const Spot& spot, std::vector<std::int64_t>& into);
void read_value(const Value& value, const Spot& spot, OptionValue& into);

std::string read_text(const Value& value, const Spot& spot);

// Throws where it is none, or empty against the rule.
const Value::List& as_list(const Value& value, const Spot& spot, const std::string& expected);

// A list of numbers: not empty, each once. V is std::int64_t or double.
template <class V>
std::vector<PartialRecipe::Number> read_grid(const Value& value, const Spot& spot);

}  // namespace sojourn::config
