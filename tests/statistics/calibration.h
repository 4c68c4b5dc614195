// What the statistics say of studies whose truth is known, counted over many.
#pragma once

#include <cstddef>

#include "tests/statistics/simulation.h"

namespace sojourn::simulation {

struct CalibrationPlan {
  std::size_t studies = 2000;  // without any true difference
  std::size_t shifted = 600;   // where every arm truly lies `margin` below the baseline
  std::size_t naive = 200;     // of the former, also by the naive methods
  int resamples = 400;         // of these
  double margin = 10;          // in points
  int threads = 1;
};

// Shares, from 0 to 1. A study has three targets, with all languages of all arms on them as one
// family of tests, and all groups (the mean over all languages, one half less the other, on each
// target and over them) as another.
struct Calibration {
  // How often intervals that claim 95 % hold the truth: of single languages, of the arm where that
  // is rarest, of means over all languages, of one half of the languages less the other, and of the
  // means of these two over the targets.
  double language = 0;
  double worst_arm = 0;
  double group = 0;
  double contrast = 0;
  double target_mean = 0;
  double half_width = 0;  // of a language's interval, in points, on average
  // The same for a language, by percentiles of a bootstrap over examples, and over seeds and
  // examples.
  double naive_examples = 0;
  double naive_both = 0;
  // Studies without differences where Benjamini and Hochberg find any: of languages, of groups.
  double false_discoveries = 0;
  double group_discoveries = 0;
  double equivalence_error = 0;  // tests that find a difference of the margin to be within it
  double found = 0;              // tests at 5 % that find a difference where it is the margin
};

Calibration calibrate(const Scenario& scenario, const CalibrationPlan& plan);

}  // namespace sojourn::simulation
