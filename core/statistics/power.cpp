#include "core/statistics/power.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/statistics/distributions.h"
#include "core/statistics/estimate.h"
#include "core/statistics/inference.h"

namespace sojourn {

namespace {

void check(const Design& design, double alpha, double power) {
  const auto refuse = [](const std::string& what, double found, const std::string& expected) {
    throw input_error("power", what + " is " + std::to_string(found) + ", expected " + expected);
  };
  if (design.arms < 2) refuse("arms", static_cast<double>(design.arms), "2 or more");
  if (design.seeds < 1) refuse("seeds", static_cast<double>(design.seeds), "1 or more");
  if (!(design.examples >= 2)) refuse("examples", design.examples, "2 or more");
  if (!(design.seed_deviation >= 0)) refuse("seed deviation", design.seed_deviation, "0 or more");
  if (!(design.example_deviation > 0))
    refuse("example deviation", design.example_deviation, "more than 0");
  if (!(alpha > 0 && alpha < 1)) refuse("alpha", alpha, "a number between 0 and 1");
  if (!(power > alpha && power < 1)) refuse("power", power, "a number between alpha and 1");
}

// The smallest x in [0, high] with rising(x) >= target, by bisection.
template <class Function>
double smallest(const Function& rising, double target, double high) {
  double low = 0;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (rising(middle) < target ? low : high) = middle;
  }
  return high;
}

}  // namespace

double power_at(double shift, double df, double alpha) {
  const double critical = student_t_quantile(1 - alpha / 2, df);
  return 1 - noncentral_t_cdf(critical, df, shift) + noncentral_t_cdf(-critical, df, shift);
}

Power power_of(const Design& design, double alpha, double power) {
  check(design, alpha, power);
  const auto seeds = static_cast<double>(design.seeds);
  const double examples = design.example_deviation * design.example_deviation / design.examples;
  const double over_seeds = 2 * design.seed_deviation * design.seed_deviation / seeds;
  Power result;
  result.standard_error = std::sqrt(over_seeds + examples);
  if (design.seeds == 1) {
    result.df = 0;
    result.detectable = result.margin = std::numeric_limits<double>::infinity();
    return result;
  }
  const std::vector<VarianceTerm> terms{{over_seeds, pooled_df(design.arms, design.seeds)},
                                        {examples, design.examples - 1}};
  result.df = satterthwaite_df(terms);
  const double high = 1000;  // standard errors
  const double shift =
      smallest([&](double x) { return power_at(x, result.df, alpha); }, power, high);
  result.detectable = shift * result.standard_error;
  // Equal arms pass both one-sided tests where |T| + t <= margin / standard error.
  const double t = student_t_quantile((1 + power) / 2, result.df);
  result.margin = (t + student_t_quantile(1 - alpha, result.df)) * result.standard_error;
  return result;
}

}  // namespace sojourn
