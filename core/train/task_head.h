// A head together with the parameters that the host keeps for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/philox.h"
#include "core/data/task.h"
#include "core/model/parameter.h"

namespace sojourn {

struct TaskHead {
  std::string name;  // the task's, or one that several tasks of a stage share
  std::unique_ptr<Head> head;
  std::vector<Parameter> parameters;  // "head.<name>.<parameter>"; may be none
  std::vector<InputSpec> inputs;      // what it sees, with the layers that options name
};

// A new head: each parameter's numbers depend on (seed, role, name, parameter) only, so that the
// target stages of all arms start from the same head.
TaskHead make_head(Task& task, const std::string& name, const HeadSizes& sizes, at::Device device,
                   const RandomKey& key);

}  // namespace sojourn
