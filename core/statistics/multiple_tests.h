// Many tests at once.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sojourn {

// p-values after Benjamini and Hochberg (1995), in the order given: those that are at most q have a
// false discovery rate of at most q.
std::vector<double> benjamini_hochberg(std::span<const double> p);

// In how many of the data sets (here: languages) the effect holds, at least, with confidence
// 1 - alpha: Dror et al., TACL 5, 2017. The largest u whose partial conjunction hypothesis, "fewer
// than u have the effect", is rejected, with Bonferroni's bound, which allows any dependence
// between the languages. Takes one-sided p-values.
std::size_t replicability_count(std::span<const double> p, double alpha = 0.05);

}  // namespace sojourn
