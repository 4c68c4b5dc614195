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

// The normal numbers of a study (Box and Muller).
class Normals {
 public:
  explicit Normals(std::uint64_t study) : random_({study, 0, 0}, "power") {}

  double operator()() {
    if (next_ == numbers_.size()) {
      fill(random_(index_++));
      next_ = 0;
    }
    return numbers_[next_++];
  }

 private:
  void fill(const std::array<std::uint32_t, 4>& block) {
    for (std::size_t i = 0; i < 4; i += 2) {
      const double radius = std::sqrt(-2 * std::log((block[i] + 1.0) * 0x1.0p-32));
      const double angle = block[i + 1] * 0x1.0p-32 * (2 * std::numbers::pi);
      numbers_[i] = radius * std::cos(angle);
      numbers_[i + 1] = radius * std::sin(angle);
    }
  }

  Philox random_;
  std::uint64_t index_ = 0;
  std::array<double, 4> numbers_{};
  std::size_t next_ = 4;
};

// What studies of a design find of two arms that are alike: drawn scores of one target's languages,
// and from them what docs/statistics.md estimates. Half of what seeds do, they do to all languages.
// All of the example variance is taken as noise of single examples, which makes seeds look the most
// unsteady.
class SimulatedStudies {
 public:
  explicit SimulatedStudies(const Design& design)
      : arms_(design.arms),
        seeds_(design.seeds),
        examples_(design.example_deviation * design.example_deviation / design.examples),
        noise_(examples_ * static_cast<double>(seeds_)),
        by_seeds_(2 * design.seed_deviation * design.seed_deviation) {
    const double over_seeds = by_seeds_ + noise_;
    df_ = difference_df({over_seeds, over_seeds, noise_, examples_}, kLanguages, arms_, seeds_,
                        design.examples - 1);
    constexpr std::uint64_t kStudies = 5'000;
    for (std::uint64_t study = 0; study < kStudies; ++study) draw(study);
  }

  double standard_error() const {
    return std::sqrt(by_seeds_ / static_cast<double>(seeds_) + examples_);
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

  // One language of a study.
  struct Language {
    double error = 0;  // of the difference
    RunVariance own = {};
    RunVariance pooled = {};
  };

  using Scores = std::vector<std::vector<double>>;  // by arm and seed

  Scores scores(double variance, Normals& normal) const {
    Scores drawn(arms_, std::vector<double>(seeds_));
    for (auto& arm : drawn)
      for (double& score : arm) score = std::sqrt(variance) * normal();
    return drawn;
  }

  Language language(const Scores& shared, const Scores& its) const {
    Language found{.own = {.noise = noise_, .examples = examples_}};
    found.pooled = found.own;
    for (std::size_t a = arms_; a-- > 1;) {  // the first is the baseline, the second the arm
      std::vector<double> differences(seeds_);
      for (std::size_t s = 0; s < seeds_; ++s)
        differences[s] = shared[a][s] + its[a][s] - shared[0][s] - its[0][s];
      found.own.over_seeds = sample_variance(differences);
      found.pooled.over_seeds += found.own.over_seeds / static_cast<double>(arms_ - 1);
      found.error = std::accumulate(differences.begin(), differences.end(), 0.0) /
                    static_cast<double>(seeds_);
    }
    return found;
  }

  void draw(std::uint64_t study) {
    Normals normal(study);
    const Scores shared = scores(by_seeds_ / 4, normal);
    std::vector<Language> languages;
    RunVariance own;
    RunVariance pooled;
    for (std::size_t l = 0; l < kLanguages; ++l) {
      const auto& one =
          languages.emplace_back(language(shared, scores(by_seeds_ / 4 + noise_ / 2, normal)));
      add_share(own, one.own, kLanguages);
      add_share(pooled, one.pooled, kLanguages);
    }
    const bool less_steady = is_less_steady(own, pooled);
    for (const auto& one : languages) {
      const RunVariance variance = less_steady ? greater(one.own, one.pooled) : one.pooled;
      draws_.push_back({one.error, std::sqrt(seed_variance(variance, seeds_) + examples_)});
    }
  }

  static constexpr std::size_t kLanguages = 8;  // of a target

  std::size_t arms_;
  std::size_t seeds_;
  double examples_;  // variance of a difference by the choice of examples
  double noise_;     // of single examples, in the difference of one run of each arm
  double by_seeds_;  // the rest of the variance of that difference
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
