// What a study could see, before it is run.
#pragma once

#include <cstddef>

namespace sojourn {

// A comparison of two arms on one subject, and the noise that is expected. All deviations are in
// points of percent.
struct Design {
  std::size_t arms = 2;  // of the study, the baseline among them: seed variance is pooled over them
  std::size_t seeds = 3;
  double examples = 1000;  // of the test set; of independent units, where they are clustered
  // Of one arm's score over seeds, apart from the noise of single examples, shared noise left out.
  double seed_deviation = 1;
  // Of what one example adds to the difference of two arms that are averaged over these seeds: for
  // accuracy, at most 100 * the root of the share of examples that the arms answer differently.
  double example_deviation = 50;
};

struct Power {
  double standard_error = 0;  // of the difference, in points
  double df = 0;
  double detectable = 0;  // the smallest true difference that is found with the power asked for
  double margin = 0;      // the smallest margin that equal arms are shown to lie within
};

// How often a true difference of `effect` points is found, in the languages of 5,000 simulated
// studies: the same for the same design. Two-sided tests at `alpha`, in (0, 1); 0 with one seed.
// Throws Error(kInput) for a design that can't be.
double power_at(const Design& design, double effect, double alpha = 0.05);

// From the same studies; equivalence by two one-sided tests at `alpha`, `power` in (alpha, 1). With
// one seed nothing is detectable, and `df` is 0. Throws as power_at().
Power power_of(const Design& design, double alpha = 0.05, double power = 0.8);

}  // namespace sojourn
