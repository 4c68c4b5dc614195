// From a difference and what is known of its variance to an interval, p-values and equivalence.
#pragma once

#include <span>

namespace sojourn {

struct Interval {
  double low = 0;
  double high = 0;
};

// An independent part of the variance of a difference, in squared points.
struct VarianceTerm {
  double variance = 0;  // at least 0
  double df = 0;        // degrees of freedom of its estimate, greater than 0; may be infinite
};

// Degrees of freedom of the sum of the terms (Satterthwaite, Biometrics Bulletin 2, 1946); infinite
// where all variances are 0.
double satterthwaite_df(std::span<const VarianceTerm> terms);

// A difference with its uncertainty; all but `df` in points of percent.
struct Inference {
  double difference = 0;
  double standard_error = 0;
  double df = 0;

  // The interval of the given confidence, in (0, 1), by Student's t.
  Interval interval(double confidence = 0.95) const;
  // Two-sided, of no difference.
  double p_difference() const;
  // One-sided, of a difference that is at least `bound`, or at most `bound`: small where the data
  // speak for one that is below, or above.
  double p_below(double bound) const;
  double p_above(double bound) const;
  // Two one-sided tests (Schuirmann 1987): small where the data speak for a difference within
  // (-margin, margin).
  double p_equivalence(double margin) const;
};

}  // namespace sojourn
