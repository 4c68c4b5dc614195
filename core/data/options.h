// What a study sets of a task, checked against what its manifest declares.
#pragma once

#include <string>
#include <vector>

#include "core/base/task_options.h"
#include "core/data/manifest.h"

namespace sojourn {

// A value for every option of the manifest: the given ones, and the manifest's for the others.
// Throws Error(kInput) at `where` for an option that the task hasn't (with the nearest one), and
// for a value of the wrong type, out of range, or none of the words.
TaskOptions complete_options(const Manifest& manifest, const TaskOptions& given,
                             const std::string& where);

// The manifest's inputs, each with its layer: where an option names it, the option's value.
// `options`: complete.
std::vector<InputSpec> resolve_inputs(const Manifest& manifest, const TaskOptions& options);

class ManifestNode;

// The "options" of a manifest. Throws Error(kInput) as parse_manifest does.
std::vector<OptionSpec> read_options(const ManifestNode& list);

}  // namespace sojourn
