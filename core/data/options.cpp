#include "core/data/options.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/number.h"
#include "core/data/manifest_node.h"

namespace sojourn {

namespace {

std::string text_of(const OptionValue& value) {
  if (const auto* word = std::get_if<std::string>(&value)) return "'" + *word + "'";
  return config::number_text(std::get<double>(value));
}

// "a number above 0, at most 2", "'a' or 'b'".
std::string expected(const OptionSpec& option) {
  if (!option.choices.empty()) return "'" + join(option.choices, "' or '") + "'";
  std::string text = option.integer ? "a whole number" : "a number";
  std::vector<std::string> bounds;
  if (std::isfinite(option.min))
    bounds.push_back((option.min_open ? "above " : "at least ") + config::number_text(option.min));
  if (std::isfinite(option.max)) bounds.push_back("at most " + config::number_text(option.max));
  return bounds.empty() ? text : text + " " + join(bounds, ", ");
}

bool fits(const OptionSpec& option, const OptionValue& value) {
  if (const auto* word = std::get_if<std::string>(&value))
    return std::find(option.choices.begin(), option.choices.end(), *word) != option.choices.end();
  const double number = std::get<double>(value);
  return option.choices.empty() && std::isfinite(number) && number <= option.max &&
         (option.min_open ? number > option.min : number >= option.min) &&
         (!option.integer || number == std::floor(number));
}

// A bound that may be missing.
std::optional<double> bound(const ManifestNode& node, const char* key) {
  if (!node.has(key)) return std::nullopt;
  return node.at(key).number();
}

OptionSpec read_option(const ManifestNode& node) {
  node.expect_keys({"name", "default", "min", "above", "max", "integer", "choices"});
  OptionSpec option;
  option.name = node.at("name").string();
  if (node.has("choices")) {
    for (const char* key : {"min", "above", "max", "integer"}) {
      if (node.has(key)) node.at(key).fail("a word has none");
    }
    option.choices = node.at("choices").some_strings();
    option.otherwise = node.at("default").string();
  } else {
    if (node.has("min") && node.has("above")) node.fail("expected either min or above");
    option.min_open = node.has("above");
    option.min = bound(node, option.min_open ? "above" : "min").value_or(option.min);
    option.max = bound(node, "max").value_or(option.max);
    option.integer = node.has("integer") && node.at("integer").boolean();
    option.otherwise = node.at("default").number();
  }
  if (!fits(option, option.otherwise)) node.at("default").fail("expected " + expected(option));
  return option;
}

}  // namespace

std::vector<OptionSpec> read_options(const ManifestNode& list) {
  std::vector<OptionSpec> options;
  for (const ManifestNode& node : list.items()) {
    OptionSpec option = read_option(node);
    const bool again = std::any_of(options.begin(), options.end(), [&](const OptionSpec& other) {
      return other.name == option.name;
    });
    if (again) node.fail("'" + option.name + "' comes twice");
    options.push_back(std::move(option));
  }
  return options;
}

TaskOptions complete_options(const Manifest& manifest, const TaskOptions& given,
                             const std::string& where) {
  const std::string of_task = " of task '" + manifest.name + "'";
  TaskOptions complete;
  std::vector<std::string> names;
  for (const auto& option : manifest.options) {
    names.push_back(option.name);
    const auto found = given.find(option.name);
    const OptionValue& value = found == given.end() ? option.otherwise : found->second;
    if (!fits(option, value)) {
      throw input_error(where, "option '" + option.name + "'" + of_task + " is " + text_of(value) +
                                   "; expected " + expected(option));
    }
    complete.emplace(option.name, value);
  }
  for (const auto& [name, value] : given) {
    if (complete.contains(name)) continue;
    throw input_error(where, "task '" + manifest.name + "' has no option '" + name + "'" +
                                 did_you_mean(name, names) +
                                 (names.empty() ? "" : "; it has: " + join(names, ", ")));
  }
  return complete;
}

std::vector<InputSpec> resolve_inputs(const Manifest& manifest, const TaskOptions& options) {
  std::vector<InputSpec> inputs = manifest.inputs;
  for (auto& input : inputs) {
    if (input.layer_option.empty()) continue;
    input.layer =
        static_cast<std::int64_t>(std::get<double>(options.find(input.layer_option)->second));
  }
  return inputs;
}

}  // namespace sojourn
