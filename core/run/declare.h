// What a run writes down before it scores anything.
#pragma once

#include <string>

#include "core/config/languages.h"
#include "core/report/declared.h"
#include "core/run/stage_work.h"

namespace sojourn {

// SHA-256, in hexadecimal, of all that a study says but for its seeds, where things are and what is
// kept: whoever changes an arm, a target or a group after seeing scores declares something else.
std::string fingerprint(const Study& study, const StudyLanguages& languages);

// The study's declarations, whose fingerprint is `under`, and how many of its scores are in the
// store and were made under others, or under none.
Declared declare(const Study& study, TaskCatalog& tasks, const StudyLanguages& languages,
                 const StageWorker& worker, const std::string& under);

}  // namespace sojourn
