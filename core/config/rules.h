// Single values of a study: their types, and the rules they must keep.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/keys.h"
#include "core/config/value.h"

namespace sojourn::config {

// A key in messages, "'warmup' in [recipes.default]", and what holds for it.
struct Spot {
  std::string label;
  Rule rule;
};

// Finite, and within the range.
bool in_range(double number, const Range& range);

// Each throws Error(kInput) at the value's place: another type, or against the rule. An integer is
// taken where a float is wanted, never the reverse.
void read_value(const Value& value, const Spot& spot, std::int64_t& into);
void read_value(const Value& value, const Spot& spot, std::optional<std::int64_t>& into);
void read_value(const Value& value, const Spot& spot, double& into);
void read_value(const Value& value, const Spot& spot, std::string& into);
// Lists: of distinct items, and not empty.
void read_value(const Value& value, const Spot& spot, std::vector<std::string>& into);
void read_value(const Value& value, const Spot& spot, std::vector<std::uint64_t>& into);

std::string read_text(const Value& value, const Spot& spot);

}  // namespace sojourn::config
