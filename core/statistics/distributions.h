// The distributions that intervals and tests need, from Boost.Math.
#pragma once

namespace sojourn {

// P(T <= t) for Student's t with `df` > 0 degrees of freedom; infinity is the normal distribution.
double student_t_cdf(double t, double df);
// The t with P(T <= t) = p, for p in (0, 1).
double student_t_quantile(double p, double df);
// The x with P(X <= x) = p of chi-squared with `df` > 0 degrees of freedom, for p in (0, 1).
double chi_squared_quantile(double p, double df);
// The x with P(X <= x) = p of Fisher's F, a ratio of two variances with these degrees of freedom >
// 0.
double f_quantile(double p, double numerator_df, double denominator_df);

}  // namespace sojourn
