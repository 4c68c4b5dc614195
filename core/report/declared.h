// declared.json: what a study laid down before its scores were known, kept in the run's folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/languages.h"
#include "core/config/study.h"
#include "core/data/manifest.h"

namespace sojourn {

// How a task's metrics come from the statistics of its examples.
struct TaskMetrics {
  std::vector<std::string> statistics;  // that the arguments of the metrics index
  std::vector<MetricSpec> metrics;
};

// What a report follows. Everything but the first two is from the study and its file of languages.
struct Declared {
  std::int64_t scores = 0;         // data sets that the study scores, by stage
  std::int64_t scores_before = 0;  // of these, known before anything was declared as it is here
  std::string baseline;
  double margin = 1;
  LanguageCatalog languages;
  Grouping grouping;
  std::vector<Hypothesis> hypotheses;
  std::map<std::string, TaskMetrics> tasks;  // the scored ones
};

std::string to_json(const Declared& declared);
// Throws Error(kInput) for a file that isn't there or isn't such JSON.
Declared read_declared(const std::filesystem::path& file);

// The study without what changes no score of its own: seeds, places, and what is kept.
Study without_places(Study study);

bool same_metrics(const TaskMetrics& a, const TaskMetrics& b);

// Whether both say the same of what is compared and expected: all but the scores' number, and how
// they come about.
bool same_declarations(Declared a, Declared b);

}  // namespace sojourn
