// Studies whose truth is known: scores drawn from a model of arms, seeds, languages and examples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/statistics/target_scores.h"

namespace sojourn::simulation {

// An example is answered right where a latent number is positive: the sum of what is listed here,
// all normal. Deviations are on the scale on which the noise of one example in one run is 1.
struct Scenario {
  std::string name;
  std::size_t arms = 5;  // the first is the baseline
  std::size_t seeds = 3;
  std::size_t languages = 8;
  std::size_t examples = 500;
  double run = 0;                           // noise that a run's languages share
  double run_language = 0;                  // noise of a run in one language
  double seed = 0;                          // noise that the runs of a seed share, of all arms
  std::vector<double> arm_scale = {};       // factor of the run's noise by arm; 1 where not given
  std::vector<double> language_scale = {};  // the same by language
  double difficulty = 1;                    // of an example, for all arms and seeds
  double taste = 0.3;                       // of an arm for an example, over all seeds
  double parallel = 0.8;                    // correlation of difficulty and taste between languages
  std::size_t document = 1;                 // examples that a document has
  double within = 0.5;                      // correlation of difficulty and taste within documents
  double accuracy =
      0.65;  // of the baseline, averaged over seeds; languages differ by up to `spread`
  double spread = 0.15;
  bool f1 = false;     // an example has 1 to 6 items, and the score is F1 over items
  double missing = 0;  // share of cells, beside those of the first seed
};

struct Study {
  TargetScores scores;
  // [arms][languages]: expected score over seeds and examples, in percent.
  std::vector<std::vector<double>> truth;
};

// Study `number` of a scenario; the true score of every arm but the baseline lies `effect` points
// above the baseline's.
Study simulate(const Scenario& scenario, std::uint64_t number, double effect);

}  // namespace sojourn::simulation
