#include "core/statistics/inference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/statistics/distributions.h"

namespace sojourn {

namespace {

// P(T <= distance / standard_error), also where there is no uncertainty at all.
double t_cdf(double distance, const Inference& inference) {
  if (inference.standard_error > 0)
    return student_t_cdf(distance / inference.standard_error, inference.df);
  return distance < 0 ? 0 : 1;
}

}  // namespace

double satterthwaite_df(std::span<const VarianceTerm> terms) {
  double sum = 0;
  double squares = 0;
  for (const auto& term : terms) {
    sum += term.variance;
    squares += term.variance * term.variance / term.df;
  }
  return squares > 0 ? sum * sum / squares : std::numeric_limits<double>::infinity();
}

Interval Inference::interval(double confidence) const {
  const double half = standard_error * student_t_quantile((1 + confidence) / 2, df);
  return {difference - half, difference + half};
}

double Inference::p_difference() const {
  return std::min(1.0, 2 * t_cdf(-std::abs(difference), *this));
}

double Inference::p_below(double bound) const { return t_cdf(difference - bound, *this); }

double Inference::p_above(double bound) const { return t_cdf(bound - difference, *this); }

double Inference::p_equivalence(double margin) const {
  return std::max(p_below(margin), p_above(-margin));
}

}  // namespace sojourn
