// The last step to an estimate: from scores by seed and the example variance to an inference.
#pragma once

#include <cstddef>
#include <vector>

#include "core/statistics/analysis.h"

namespace sojourn {

// Degrees of freedom of a variance over seeds that is pooled over the arms of a study, the baseline
// among them. Their differences to one baseline correlate by 1/2 where all arms are alike, so that
// n of them are worth n / (1 + (n - 1) / 4).
double pooled_df(std::size_t arms, std::size_t seeds);

// What seeds add to the variance of a mean difference over so many of them. Below 0 where they
// differ less than noise of single examples makes them, which is in the variance by examples, too;
// then at most half of what it has there is taken off.
double seed_variance(const RunVariance& variance, std::size_t seeds);

// Satterthwaite's degrees of freedom of a difference over so many seeds with these variances, which
// are the mean over so many languages, each with its own; arms: those that the shared part is the
// mean over, and the baseline; example_df: those of the variance by examples. A variance over seeds
// that comes out much too small by chance would bring degrees of freedom that are much too many, so
// what enters is how large that of one language may well be (its upper confidence limit of 85 %),
// and less of that the more languages there are.
double difference_df(const RunVariance& variance, std::size_t languages, std::size_t arms,
                     std::size_t seeds, double example_df);

// The variances of an estimate with `seeds`, `example_variance` and `parts.arms`, for two seeds or
// more; those over seeds are the mean over the arms of `parts`.
RunVariance pooled_variance(const Estimate& estimate);

// The same of the compared arm alone.
RunVariance own_variance(const Estimate& estimate);

// Whether seeds count for more in the arm's own than in the mean over arms.
bool is_less_steady(const RunVariance& own, const RunVariance& pooled);

// Its own where it is less steady, since such an arm must not borrow the steadiness of the others.
RunVariance greater(const RunVariance& own, const RunVariance& pooled);

// Fills in the rest of it from `seeds`, `example_variance` and `parts`.
void complete(Estimate& estimate);

// The variance over seeds of an arm's difference to the baseline.
double variance_over_seeds(const EstimateParts& parts, const ArmScores& arm);

// sum += one / n, part by part.
void add_share(RunVariance& sum, const RunVariance& one, double n);

// Sample variance of the values; 0 where there are fewer than two.
double sample_variance(const std::vector<double>& values);

}  // namespace sojourn
