// What a study may set of a task, beyond what every task has: a loss, a layer, a margin.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <variant>

namespace sojourn {

using OptionValue = std::variant<double, std::string>;
using TaskOptions = std::map<std::string, OptionValue, std::less<>>;

}  // namespace sojourn
