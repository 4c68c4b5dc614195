#include "core/statistics/power.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/philox.h"
#include "core/statistics/distributions.h"
#include "core/statistics/estimate.h"

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

// Normal numbers, a block of them at each index (Box and Muller).
std::array<double, 4> normals(const Philox& random, std::uint64_t index) {
  const auto block = random(index);
  std::array<double, 4> numbers{};
  for (std::size_t i = 0; i < 4; i += 2) {
    const double radius = std::sqrt(-2 * std::log((block[i] + 1.0) * 0x1.0p-32));
    const double angle = block[i + 1] * 0x1.0p-32 * (2 * std::numbers::pi);
    numbers[i] = radius * std::cos(angle);
    numbers[i + 1] = radius * std::sin(angle);
  }
  return numbers;
}

// What studies of a design find of two arms that are alike: drawn scores, and from them what
// docs/statistics.md estimates. All of the example variance is taken as noise of single examples,
// which makes seeds look the most unsteady.
class SimulatedStudies {
 public:
  explicit SimulatedStudies(const Design& design)
      : arms_(design.arms),
        seeds_(design.seeds),
        examples_(design.example_deviation * design.example_deviation / design.examples),
        noise_(examples_ * static_cast<double>(seeds_)),
        over_seeds_(2 * design.seed_deviation * design.seed_deviation + noise_) {
    constexpr std::size_t kLanguages = 8;  // of a target, which only changes degrees of freedom
    df_ = difference_df({over_seeds_, over_seeds_, noise_, examples_}, kLanguages, arms_, seeds_,
                        design.examples - 1);
    constexpr std::uint64_t kStudies = 20'000;
    for (std::uint64_t study = 0; study < kStudies; ++study) draw(study);
  }

  double standard_error() const {
    return std::sqrt((over_seeds_ - noise_) / static_cast<double>(seeds_) + examples_);
  }
  double df() const { return df_; }

  // How often a difference of `effect` is found.
  double found(double effect, double alpha) const {
    const double t = student_t_quantile(1 - alpha / 2, df_);
    const auto finds = [&](const Draw& draw) {
      return std::abs(effect + draw.error) > t * draw.standard_error;
    };
    return static_cast<double>(std::count_if(draws_.begin(), draws_.end(), finds)) /
           static_cast<double>(draws_.size());
  }

  // The margin within which this share of studies finds the arms.
  double margin(double share, double alpha) const {
    const double t = student_t_quantile(1 - alpha, df_);
    std::vector<double> margins;
    for (const Draw& draw : draws_)
      margins.push_back(std::abs(draw.error) + t * draw.standard_error);
    const auto place = margins.begin() +
                       static_cast<std::ptrdiff_t>(share * static_cast<double>(margins.size() - 1));
    std::nth_element(margins.begin(), place, margins.end());
    return *place;
  }

 private:
  struct Draw {
    double error;  // of the difference
    double standard_error;
  };

  void draw(std::uint64_t study) {
    const Philox random({study, 0, 0}, "power");
    std::vector<std::vector<double>> scores(arms_, std::vector<double>(seeds_));
    std::uint64_t index = 0;
    std::size_t next = 4;
    std::array<double, 4> numbers{};
    for (auto& arm : scores) {
      for (double& score : arm) {
        if (next == numbers.size()) numbers = normals(random, index++), next = 0;
        score = std::sqrt(over_seeds_ / 2) * numbers[next++];
      }
    }
    double pooled = 0;
    double own = 0;
    double error = 0;
    for (std::size_t a = arms_; a-- > 1;) {  // the first is the baseline, the second the arm
      std::vector<double> differences(seeds_);
      for (std::size_t s = 0; s < seeds_; ++s) differences[s] = scores[a][s] - scores[0][s];
      own = sample_variance(differences);
      pooled += own / static_cast<double>(arms_ - 1);
      error = std::accumulate(differences.begin(), differences.end(), 0.0) /
              static_cast<double>(seeds_);
    }
    const double by_seeds = seed_variance(
        {.over_seeds = std::max(own, pooled), .noise = noise_, .examples = examples_}, seeds_);
    draws_.push_back({error, std::sqrt(by_seeds + examples_)});
  }

  std::size_t arms_;
  std::size_t seeds_;
  double examples_;    // variance of a difference by the choice of examples
  double noise_;       // of single examples, in the difference of one run of each arm
  double over_seeds_;  // variance of that difference
  double df_ = 0;
  std::vector<Draw> draws_;
};

}  // namespace

double power_at(const Design& design, double effect, double alpha) {
  check(design, alpha, /*power=*/(1 + alpha) / 2);
  return design.seeds == 1 ? 0 : SimulatedStudies(design).found(effect, alpha);
}

Power power_of(const Design& design, double alpha, double power) {
  check(design, alpha, power);
  Power result;
  if (design.seeds == 1) {
    result.standard_error =
        std::sqrt(2 * design.seed_deviation * design.seed_deviation +
                  design.example_deviation * design.example_deviation / design.examples);
    result.detectable = result.margin = std::numeric_limits<double>::infinity();
    return result;
  }
  const SimulatedStudies studies(design);
  result.standard_error = studies.standard_error();
  result.df = studies.df();
  double low = 0;
  double high = 1000 * result.standard_error;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (studies.found(middle, alpha) < power ? low : high) = middle;
  }
  result.detectable = high;
  result.margin = studies.margin(power, alpha);
  return result;
}

}  // namespace sojourn
