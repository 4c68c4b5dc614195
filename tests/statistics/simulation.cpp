#include "tests/statistics/simulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/base/philox.h"

namespace sojourn::simulation {

namespace {

// Normal numbers one after the other, from the counter-based generator.
class Normals {
 public:
  Normals(const RandomKey& key, const std::string& stream) : random_(key, stream) {}

  double operator()() {
    if (next_ == numbers_.size()) refill();
    return numbers_[next_++];
  }
  double uniform() { return static_cast<double>(random_(index_++)[0]) * 0x1.0p-32; }

 private:
  void refill() {
    const auto block = random_(index_++);
    for (std::size_t i = 0; i < 4; i += 2) {
      const float u = (static_cast<float>(block[i] >> 8) + 1) * 0x1.0p-24F;
      const float angle =
          static_cast<float>(block[i + 1]) * 0x1.0p-32F * (2 * std::numbers::pi_v<float>);
      const float radius = std::sqrt(-2 * std::log(u));
      numbers_[i] = radius * std::cos(angle);
      numbers_[i + 1] = radius * std::sin(angle);
    }
    next_ = 0;
  }

  Philox random_;
  std::uint64_t index_ = 0;
  std::array<float, 4> numbers_{};
  std::size_t next_ = 4;
};

double normal_cdf(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

// By bisection; once for each cell of a study.
double normal_quantile(double p) {
  double low = -8;
  double high = 8;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (normal_cdf(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

constexpr double kSpurious = 0.7;  // share of wrong items that are predictions, rather than missed

double score_at(const Scenario& scenario, double p) {
  return 100 * (scenario.f1 ? 2 * p / (1 + p + kSpurious * (1 - p)) : p);
}

// The accuracy of single items at which the score is `score`.
double accuracy_at(const Scenario& scenario, double score) {
  const double f = score / 100;
  return scenario.f1 ? f * (1 + kSpurious) / (2 - f * (1 - kSpurious)) : f;
}

double scale_of(const std::vector<double>& scales, std::size_t i) {
  return i < scales.size() ? scales[i] : 1;
}

using Field = std::vector<std::vector<double>>;  // [languages][examples]

// Normal numbers of variance 1, correlated within documents and between languages.
Field draw_field(const Scenario& s, Normals& normal) {
  const std::size_t documents = (s.examples + s.document - 1) / s.document;
  const double within = s.document > 1 ? s.within : 0;
  const auto draw = [&] {
    std::vector<double> document(documents);
    std::vector<double> all(s.examples);
    for (auto& d : document) d = normal();
    for (std::size_t n = 0; n < all.size(); ++n)
      all[n] = std::sqrt(within) * document[n / s.document] + std::sqrt(1 - within) * normal();
    return all;
  };
  const auto common = draw();
  Field field;
  for (std::size_t l = 0; l < s.languages; ++l) {
    field.push_back(draw());
    for (std::size_t n = 0; n < s.examples; ++n)
      field[l][n] = std::sqrt(s.parallel) * common[n] + std::sqrt(1 - s.parallel) * field[l][n];
  }
  return field;
}

class Simulator {
 public:
  Simulator(const Scenario& scenario, std::uint64_t number, double effect)
      : s_(scenario), normal_({number, 0, 0}, "simulation/" + scenario.name), effect_(effect) {}

  Study run() {
    prepare();
    const auto difficulty = draw_field(s_, normal_);
    std::vector<double> of_seed(s_.seeds);
    for (auto& noise : of_seed) noise = s_.seed * normal_();
    for (std::size_t a = 0; a < s_.arms; ++a) {
      const auto taste = draw_field(s_, normal_);
      for (std::size_t seed = 0; seed < s_.seeds; ++seed) {
        const double run = s_.run * normal_();
        for (std::size_t l = 0; l < s_.languages; ++l) {
          const double noise = scale(a, l) * (run + s_.run_language * normal_()) + of_seed[seed];
          const bool missing = seed > 0 && normal_.uniform() < s_.missing;
          auto& cell = study_.scores.languages[l].cells[study_.scores.cell(a, seed)];
          fill(mean(a, l) + noise, difficulty[l], taste[l], missing, cell);
        }
      }
    }
    return std::move(study_);
  }

 private:
  double scale(std::size_t a, std::size_t l) const {
    return scale_of(s_.arm_scale, a) * scale_of(s_.language_scale, l);
  }

  void prepare() {
    auto& scores = study_.scores;
    scores.target = s_.name;
    for (std::size_t a = 0; a < s_.arms; ++a) scores.arms.push_back("arm" + std::to_string(a));
    for (std::size_t seed = 1; seed <= s_.seeds; ++seed) scores.seeds.push_back(seed);
    scores.statistics = s_.f1 ? 3 : 2;
    MetricSpec metric{"score", "score", MetricSpec::How::kRatio, {0, 1}, true};
    if (s_.f1) metric = {"score", "score", MetricSpec::How::kF1, {0, 1, 2}, true};
    scores.metrics = {metric};
    for (std::size_t n = 0; n < s_.examples; ++n) items_.push_back(s_.f1 ? 1 + n * 7 % 6 : 1);
    study_.truth.assign(s_.arms, {});
    for (std::size_t l = 0; l < s_.languages; ++l) {
      LanguageScores language;
      language.language = "l" + std::to_string(l);
      for (std::size_t n = 0; n < s_.examples; ++n)
        language.units.push_back(static_cast<std::uint32_t>(n / s_.document));
      language.cells.resize(s_.arms * s_.seeds);
      scores.languages.push_back(std::move(language));
      const double place =
          s_.languages > 1 ? static_cast<double>(l) / static_cast<double>(s_.languages - 1) : 0.5;
      const double base = score_at(s_, s_.accuracy + s_.spread * (2 * place - 1));
      for (std::size_t a = 0; a < s_.arms; ++a)
        study_.truth[a].push_back(base + (a == 0 ? 0 : effect_));
    }
  }

  // The latent mean at which the arm's expected score is the true one.
  double mean(std::size_t a, std::size_t l) const {
    const double factor = scale(a, l);
    const double variance = 1 + s_.difficulty * s_.difficulty + s_.taste * s_.taste +
                            s_.seed * s_.seed +
                            factor * factor * (s_.run * s_.run + s_.run_language * s_.run_language);
    return normal_quantile(accuracy_at(s_, study_.truth[a][l])) * std::sqrt(variance);
  }

  void fill(double level, const std::vector<double>& difficulty, const std::vector<double>& taste,
            bool missing, CellStatistics& cell) {
    if (missing) return;
    cell.reserve(s_.examples * study_.scores.statistics);
    for (std::size_t n = 0; n < s_.examples; ++n) {
      const double at = level + s_.difficulty * difficulty[n] + s_.taste * taste[n];
      double right = 0;
      double spurious = 0;
      for (std::size_t i = 0; i < items_[n]; ++i) {
        if (at + normal_() > 0)
          ++right;
        else if (s_.f1 && normal_.uniform() < kSpurious)
          ++spurious;
      }
      const auto items = static_cast<double>(items_[n]);
      if (s_.f1)
        cell.insert(cell.end(), {right, right + spurious, items});
      else
        cell.insert(cell.end(), {right, items});
    }
  }

  Scenario s_;
  Normals normal_;
  double effect_;
  Study study_;
  std::vector<std::size_t> items_;  // by example
};

}  // namespace

Study simulate(const Scenario& scenario, std::uint64_t number, double effect) {
  return Simulator(scenario, number, effect).run();
}

}  // namespace sojourn::simulation
