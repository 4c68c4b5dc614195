// What a run writes down before it scores anything.
#pragma once

#include "core/config/languages.h"
#include "core/report/declared.h"
#include "core/run/stage_work.h"

namespace sojourn {

// The study's declarations, and how many of its scores are in the store already without having been
// made under the same ones, by this run's first part, another process or a run of fewer seeds.
Declared declare(const Study& study, TaskCatalog& tasks, const StudyLanguages& languages,
                 const StageWorker& worker);

}  // namespace sojourn
