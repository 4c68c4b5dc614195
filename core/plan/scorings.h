// What is scored on the stages of a plan.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/plan/plan.h"

namespace sojourn {

// Adds scorings to the stages of a plan that is being made.
class ScoringPlanner {
 public:
  ScoringPlanner(const Study& study, TaskCatalog& tasks,
                 const std::optional<EncoderConfig>& encoder, MissingFiles missing, Plan& plan);

  // The English dev split of a task that the stage trains, so that what was learnt shows.
  void add_dev(std::size_t stage, const TaskTraining& training, const Limit& limit,
               const std::string& where, const Cell& cell);

  // Every split and language of a target. `head`: of the stage, "" for a target that trains
  // nothing. `recipe`: of the target's data.
  void add_target(std::size_t stage, const Target& target, const std::string& head,
                  const Recipe& recipe, const Cell& cell);

  // Throws where the target, which trains nothing, has keys of one that does, or layers that can't
  // be chosen.
  void check_untrained(const Target& target) const;

 private:
  std::optional<DatasetKey> tuning_data(const DatasetKey& data, std::optional<std::int64_t> limit,
                                        const std::string& where);
  void score(std::size_t stage, Scoring wanted, const Cell& cell);
  void add_to_sweep(const Target& target, Scoring wanted, std::size_t stage, const Cell& cell);
  // Looked for once: every arm and seed asks.
  const std::vector<std::string>& present_languages(const Manifest& manifest,
                                                    const std::string& split);
  std::vector<std::string> languages(const Target& target, const std::string& split);
  std::int64_t layer_of(const Target& target) const;
  // Calls `find`, whose errors say what isn't there.
  template <class Find>
  void look(const Find& find);

  const Study& study_;
  TaskCatalog& tasks_;
  const std::optional<EncoderConfig>& encoder_;
  MissingFiles missing_;
  Plan& plan_;
  using Split = std::pair<std::string, std::string>;  // of a task
  std::map<Split, std::vector<std::string>> present_;
  std::set<Split> missed_;  // whose absence was told
};

}  // namespace sojourn
