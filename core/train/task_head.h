// A task's head together with the parameters that the host keeps for it.
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
  std::unique_ptr<Head> head;
  std::vector<Parameter> parameters;
};

// A new head: each parameter's numbers depend on (seed, role, task, parameter) only, so that the
// target stages of all arms start from the same head.
//
//   labels  how many
TaskHead make_head(Task& task, std::int64_t hidden_size, std::int64_t labels, at::Device device,
                   const RandomKey& key);

}  // namespace sojourn
