// What a run writes down before it scores anything.
#pragma once

#include <filesystem>

#include "core/config/languages.h"
#include "core/report/declared.h"
#include "core/run/stage_work.h"

namespace sojourn {

// The study's declarations, and how many of its scores are in the store already. A run that goes on
// from one in the folder `out` that declared the same keeps the count of that one: its hypotheses
// are as old.
Declared declare(const Study& study, TaskCatalog& tasks, const StudyLanguages& languages,
                 const StageWorker& worker, const std::filesystem::path& out);

}  // namespace sojourn
