#include "core/statistics/multiple_tests.h"

#include <algorithm>
#include <numeric>

namespace sojourn {

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] > p[b]; });
  std::vector<double> adjusted(p.size());
  double smallest = 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto rank = static_cast<double>(p.size() - i);  // 1 is the smallest p
    smallest = std::min(smallest, p[order[i]] * static_cast<double>(p.size()) / rank);
    adjusted[order[i]] = smallest;
  }
  return adjusted;
}

std::size_t replicability_count(std::span<const double> p, double alpha) {
  std::vector<double> sorted(p.begin(), p.end());
  std::sort(sorted.begin(), sorted.end());
  std::size_t count = 0;
  // Rejecting "fewer than u" for a u means rejecting it for all smaller ones, too.
  while (count < sorted.size() &&
         sorted[count] * static_cast<double>(sorted.size() - count) <= alpha)
    ++count;
  return count;
}

}  // namespace sojourn
