#include "core/statistics/distributions.h"

#include <cmath>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace sojourn {

namespace {

namespace policies = boost::math::policies;
// In double throughout; what overflows is infinite.
using Policy = policies::policy<policies::promote_double<false>,
                                policies::overflow_error<policies::ignore_error>>;
using ChiSquared = boost::math::chi_squared_distribution<double, Policy>;
using FisherF = boost::math::fisher_f_distribution<double, Policy>;
using Normal = boost::math::normal_distribution<double, Policy>;
using StudentT = boost::math::students_t_distribution<double, Policy>;

}  // namespace

double student_t_cdf(double t, double df) {
  if (std::isinf(t)) return t > 0 ? 1 : 0;
  return std::isinf(df) ? cdf(Normal(), t) : cdf(StudentT(df), t);
}

double student_t_quantile(double p, double df) {
  return std::isinf(df) ? quantile(Normal(), p) : quantile(StudentT(df), p);
}

double chi_squared_quantile(double p, double df) { return quantile(ChiSquared(df), p); }

double f_quantile(double p, double numerator_df, double denominator_df) {
  return quantile(FisherF(numerator_df, denominator_df), p);
}

}  // namespace sojourn
