#include "core/run/declare.h"

#include "core/base/hash.h"

namespace sojourn {

std::string fingerprint(const Study& study, const StudyLanguages& languages) {
  Declared groups;
  groups.languages = languages.table;
  groups.grouping = languages.grouping;
  return sha256(resolved_toml(without_places(study)) + to_json(groups));
}

Declared declare(const Study& study, TaskCatalog& tasks, const StudyLanguages& languages,
                 const StageWorker& worker, const std::string& under) {
  Declared declared;
  declared.baseline = study.baseline;
  declared.margin = study.margin;
  declared.languages = languages.table;
  declared.grouping = languages.grouping;
  declared.hypotheses = study.hypotheses;
  const auto& stages = worker.keys().stages;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    for (std::size_t g = 0; g < stages[s].groups.size(); ++g) {
      const auto count = static_cast<std::int64_t>(stages[s].groups[g].size());
      declared.scores += count;
      const auto& scored = worker.work(s).scored[g];
      if (scored && scored->record.value("declared", "") != under) declared.scores_before += count;
      for (const Scoring* scoring : stages[s].groups[g]) {
        const Manifest& manifest = tasks.task(scoring->data.task).manifest();
        declared.tasks[manifest.name] = {manifest.statistics, manifest.metrics};
      }
    }
  }
  return declared;
}

}  // namespace sojourn
