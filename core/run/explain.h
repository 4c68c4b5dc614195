// `sojourn why`: why a stage isn't in the store, although one like it is.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/run/plan_report.h"

namespace sojourn {

struct PartChange {
  std::string part;  // "recipe", "parent", "plugins", "data", "tokenizer" or "numerics"
  std::string what;  // within it: "tasks/0/batch_size"; empty: all of it
  std::string from;
  std::string to;
};

// What differs between the parts of two keys, sorted.
std::vector<PartChange> changes(const nlohmann::json& from, const nlohmann::json& to);

// Lines of text. `stage_name`: its id or its key. Throws Error(kInput) for one that the study
// hasn't got.
std::string explain_stage(const Study& study, TaskCatalog& tasks, const PlanOptions& options,
                          const std::string& stage_name);

// The stage of that id or key. Throws Error(kInput) with the nearest id.
std::size_t find_stage(const Plan& plan, const PlanKeys& keys, const std::string& stage);

}  // namespace sojourn
