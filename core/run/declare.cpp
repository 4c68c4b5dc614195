#include "core/run/declare.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/full_path.h"
#include "core/base/log.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

void keep_older_count(const fs::path& folder, Declared& declared) {
  const fs::path file = folder / "declared.json";
  if (!fs::is_regular_file(file)) return;
  try {
    const Declared older = read_declared(file);
    if (same_declarations(older, declared))
      declared.scores_before = std::min(declared.scores_before, older.scores_before);
  } catch (const Error& error) {
    spdlog::info("what was declared here before can't be read, as of another version: {}",
                 error.what());
  }
}

}  // namespace

Declared declare(const Study& study, TaskCatalog& tasks, const StudyLanguages& languages,
                 const StageWorker& worker, const fs::path& out) {
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
      if (worker.work(s).scored[g]) declared.scores_before += count;
      for (const Scoring* scoring : stages[s].groups[g]) {
        const Manifest& manifest = tasks.task(scoring->data.task).manifest();
        declared.tasks[manifest.name] = {manifest.statistics, manifest.metrics};
      }
    }
  }
  const fs::path folder = full_path(out);
  fs::path partial = folder;
  partial += ".partial";
  keep_older_count(folder, declared);
  keep_older_count(partial, declared);
  return declared;
}

}  // namespace sojourn
