#include "core/statistics/subject_scores.h"

#include <algorithm>

#include "core/statistics/estimate.h"

namespace sojourn {

namespace {

class Measuring {
 public:
  Measuring(const TargetScores& scores, const std::vector<LanguageTable>& tables,
            const MeasuredSubject& subject)
      : scores_(scores), tables_(tables), subject_(subject) {
    number_units();
  }

  SubjectMeasures run() {
    result_.units = units_;
    for (std::size_t a = 0; a < scores_.arms.size(); ++a) {
      const bool there = std::all_of(
          subject_.seeds.begin(), subject_.seeds.end(),
          [&](std::size_t s) { return has_all(scores_, tables_, a, s, subject_.parts); });
      if (!there) continue;
      ArmMeasures& arm = result_.arms[a];
      arm.scores = scores_of(a);
      if (a != subject_.baseline) add_variances(influences(a), arm);
    }
    return std::move(result_);
  }

 private:
  // Numbers the units of the subject from 0: places_[part][unit of the language].
  void number_units() {
    std::vector<std::uint32_t> all;
    for (const auto& part : subject_.parts) {
      const LanguageTable& table = tables_[part.language];
      all.insert(all.end(), table.units.begin(), table.units.end());
      result_.examples += table.examples;
      const double example = 100 * part.weight / static_cast<double>(table.examples);
      one_example_ += example * example;
      any_score_ += 100 * part.weight * 100 * part.weight;
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    units_ = all.size();
    for (const auto& part : subject_.parts) {
      auto& places = places_.emplace_back();
      auto at = all.begin();
      for (const auto unit : tables_[part.language].units) {
        at = std::lower_bound(at, all.end(), unit);
        places.push_back(static_cast<std::size_t>(at - all.begin()));
      }
    }
  }

  std::vector<double> scores_of(std::size_t arm) const {
    std::vector<double> all;
    for (const auto s : subject_.seeds) {
      double score = 0;
      for (const auto& part : subject_.parts)
        score += part.weight * tables_[part.language].cells[scores_.cell(arm, s)].score;
      all.push_back(score);
    }
    return all;
  }

  // [seeds][units]: influence of a unit on the subject's score of `arm`, less that of the baseline.
  std::vector<std::vector<double>> influences(std::size_t arm) const {
    std::vector<std::vector<double>> all;
    for (const auto s : subject_.seeds) {
      auto& seed = all.emplace_back(units_);
      for (std::size_t p = 0; p < subject_.parts.size(); ++p) {
        const auto& [language, weight] = subject_.parts[p];
        const auto& cells = tables_[language].cells;
        const auto& mine = cells[scores_.cell(arm, s)].influence;
        const auto& base = cells[scores_.cell(subject_.baseline, s)].influence;
        for (std::size_t u = 0; u < mine.size(); ++u)
          seed[places_[p][u]] += weight * (mine[u] - base[u]);
      }
    }
    return all;
  }

  void add_variances(const std::vector<std::vector<double>>& influence, ArmMeasures& arm) const {
    const auto units = static_cast<double>(units_);
    const double correction = units > 1 ? units / (units - 1) : 1;  // for the mean taken off
    double second = 0;
    double fourth = 0;
    std::vector<double> at_unit(influence.size());
    for (std::size_t u = 0; u < units_; ++u) {
      double mean = 0;
      for (std::size_t s = 0; s < at_unit.size(); ++s) mean += at_unit[s] = influence[s][u];
      mean /= static_cast<double>(at_unit.size());
      arm.noise += correction * sample_variance(at_unit);
      second += mean * mean;
      fourth += mean * mean * mean * mean;
    }
    // Where arms hardly ever differ there is little to estimate from: at least as if one example
    // did. With 4 degrees of freedom, where there are as many, that is the rule of three: 3 in n
    // for what never occurred.
    const double most = std::max(units - 1, 1.0);
    const double fewest = std::min(4.0, most);
    arm.example_variance = std::max(correction * second, one_example_);
    const double spread = fourth - second * second / units;
    arm.example_df = spread > 0 ? std::clamp(2 * second * second / spread, fewest, most) : fewest;
    // A single unit says nothing of others: they could give any score.
    if (units_ == 1) arm.example_variance = std::max(arm.example_variance, any_score_);
  }

  const TargetScores& scores_;
  const std::vector<LanguageTable>& tables_;
  const MeasuredSubject& subject_;
  SubjectMeasures result_;
  std::size_t units_ = 0;
  // Squares of what one example does to the score that goes from 0 to 100, and of what all do.
  double one_example_ = 0;
  double any_score_ = 0;
  std::vector<std::vector<std::size_t>> places_;
};

}  // namespace

bool has_all(const TargetScores& scores, const std::vector<LanguageTable>& tables, std::size_t arm,
             std::size_t seed, const std::vector<MeasuredSubject::Part>& parts) {
  return std::all_of(parts.begin(), parts.end(), [&](const auto& part) {
    return tables[part.language].cells[scores.cell(arm, seed)].there;
  });
}

SubjectMeasures measure(const TargetScores& scores, const std::vector<LanguageTable>& tables,
                        const MeasuredSubject& subject) {
  return Measuring(scores, tables, subject).run();
}

}  // namespace sojourn
