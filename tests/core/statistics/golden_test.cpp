// Distributions and tests against what scipy and statsmodels computed
// (tests/golden/make_statistics_golden.py).
#include <cmath>
#include <fstream>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/statistics/distributions.h"
#include "core/statistics/inference.h"
#include "core/statistics/multiple_tests.h"
#include "core/statistics/power.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

const nlohmann::json& golden() {
  static const auto json =
      nlohmann::json::parse(std::ifstream(SOJOURN_SOURCE_DIR "/tests/golden/statistics.json"));
  return json;
}

Approx near(double value) { return Approx(value).margin(1e-9).epsilon(1e-9); }

TEST_CASE("Student's t, chi-squared and F are scipy's", "[core][statistics]") {
  for (const auto& c : golden()["student_t"]["cdf"]) CHECK(student_t_cdf(c[0], c[1]) == near(c[2]));
  for (const auto& c : golden()["student_t"]["quantile"])
    CHECK(student_t_quantile(c[0], c[1]) == near(c[2]));
  for (const auto& c : golden()["chi_squared"])
    CHECK(chi_squared_quantile(c[0], c[1]) == near(c[2]));
  for (const auto& c : golden()["f"]) CHECK(f_quantile(c[0], c[1], c[2]) == near(c[3]));
}

TEST_CASE("Satterthwaite's degrees of freedom are those of scipy's Welch test",
          "[core][statistics]") {
  for (const auto& c : golden()["satterthwaite"]) {
    const std::vector<VarianceTerm> terms{{c["variances"][0], c["dfs"][0]},
                                          {c["variances"][1], c["dfs"][1]}};
    CHECK(satterthwaite_df(terms) == near(c["df"]));
  }
}

TEST_CASE("intervals, p-values and equivalence are those of scipy and statsmodels",
          "[core][statistics]") {
  for (const auto& c : golden()["paired"]) {
    const auto values = c["values"].get<std::vector<double>>();
    const auto n = static_cast<double>(values.size());
    double mean = 0;
    double squares = 0;
    for (const double v : values) mean += v / n;
    for (const double v : values) squares += (v - mean) * (v - mean);
    const Inference inference{mean, std::sqrt(squares / (n - 1) / n), n - 1};
    const double margin = c["margin"];
    CHECK(inference.interval().low == near(c["interval"][0]));
    CHECK(inference.interval().high == near(c["interval"][1]));
    CHECK(inference.p_difference() == near(c["p"]));
    CHECK(inference.p_above(-margin) == near(c["above"]));
    CHECK(inference.p_below(margin) == near(c["below"]));
    CHECK(inference.p_equivalence(margin) == near(c["equivalence"]));
  }
}

TEST_CASE("p-values after Benjamini and Hochberg are statsmodels'", "[core][statistics]") {
  for (const auto& c : golden()["adjusted"]) {
    const auto adjusted = benjamini_hochberg(c["p"].get<std::vector<double>>());
    REQUIRE(adjusted.size() == c["adjusted"].size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) CHECK(adjusted[i] == near(c["adjusted"][i]));
  }
}

TEST_CASE("the replicability count rejects partial conjunctions up to the first that stands",
          "[core][statistics]") {
  for (const auto& c : golden()["replicability"]) {
    const auto p = c["p"].get<std::vector<double>>();
    CHECK(replicability_count(p, c["alpha"]) == c["count"].get<std::size_t>());
  }
}

TEST_CASE("without noise of examples, two arms have the power of statsmodels' paired t test",
          "[core][statistics]") {
  for (const auto& c : golden()["power"]) {
    const double deviation = c["deviation"].get<double>() / std::sqrt(2);  // of one arm
    const Design design{2, c["seeds"].get<std::size_t>(), 1e6, deviation, 1e-3};
    // The golden value of 20,000 studies, ours of 5,000 with eight languages each.
    CHECK(power_at(design, c["effect"]) == Approx(c["power"].get<double>()).margin(0.011));
  }
}

TEST_CASE("the power of a whole study is what simulated predictions show", "[core][statistics]") {
  // The rows of 500 examples of docs/statistics.md, with the deviations of their scenario.
  for (const auto& [seeds, examples, effect, percent] : {std::tuple{3U, 33.0, 4.0, 30.0},
                                                         {3U, 33.0, 8.0, 81.0},
                                                         {5U, 27.0, 4.0, 56.0},
                                                         {10U, 21.0, 3.0, 62.0}}) {
    CAPTURE(seeds, effect);
    CHECK(100 * power_at({5, seeds, 500, 1.76, examples}, effect) == Approx(percent).margin(2.5));
  }
}

}  // namespace
}  // namespace sojourn
