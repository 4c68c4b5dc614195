// A plugin's callbacks between host and plugin: what they may not do, and a host needn't see, is
// noted.
#pragma once

#include <sojourn/task_abi.h>

#include <string>
#include <vector>

namespace sojourn {

// A plugin like `plugin`, of its task `index` alone. One at a time in a process, to its end.
const sojourn_plugin& traced_plugin(const sojourn_plugin& plugin, std::size_t index);

// What callbacks did against the contract since the last call: an out-parameter that was changed
// though the callback failed, a status that there isn't, no reason given, numbers past the end of
// what was handed over.
std::vector<std::string> take_violations();

}  // namespace sojourn
