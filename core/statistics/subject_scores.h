// The scores of a mean over languages: by arm and seed, and how far single units move them.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <vector>

#include "core/statistics/unit_table.h"

namespace sojourn {

// What is measured: the weighted sum over languages of the scores at some seeds, against a
// baseline.
struct MeasuredSubject {
  struct Part {
    std::size_t language = 0;  // index into the tables
    double weight = 0;
    auto operator<=>(const Part&) const = default;
  };
  std::size_t baseline = 0;
  std::vector<std::size_t> seeds;  // indices
  std::vector<Part> parts;

  auto operator<=>(const MeasuredSubject&) const = default;
};

// Of one arm; variances are in squared points.
struct ArmMeasures {
  std::vector<double> scores;   // by seed
  double noise = 0;             // see ArmScores
  double example_variance = 0;  // of the seed-averaged difference to the baseline
  double example_df = 0;
};

struct SubjectMeasures {
  std::size_t examples = 0;
  std::size_t units = 0;
  std::map<std::size_t, ArmMeasures> arms;  // that have all of it, the baseline among them
};

// Whether the arm has all languages of the parts at the seed.
bool has_all(const TargetScores& scores, const std::vector<LanguageTable>& tables, std::size_t arm,
             std::size_t seed, const std::vector<MeasuredSubject::Part>& parts);

SubjectMeasures measure(const TargetScores& scores, const std::vector<LanguageTable>& tables,
                        const MeasuredSubject& subject);

}  // namespace sojourn
