// Prints the tables of docs/statistics.md: coverage, false discoveries, errors and power of the
// statistics in simulated studies.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/statistics/calibration.h"

namespace sojourn::simulation {
namespace {

using Noise = std::pair<double, double>;  // shared by a run's languages, and per language

Scenario scenario(std::size_t seeds, Noise noise, const std::string& name = "") {
  Scenario s;
  s.seeds = seeds;
  s.run = noise.first;
  s.run_language = noise.second;
  char text[64];
  std::snprintf(text, sizeof text, "%zu seeds, %.2f %.2f%s%s", seeds, noise.first, noise.second,
                name.empty() ? "" : ", ", name.c_str());
  s.name = text;
  return s;
}

// What differs from the plain scenarios, one thing at a time.
std::vector<Scenario> variants(std::size_t seeds, Noise noise) {
  std::vector<Scenario> all;
  const auto add = [&](const std::string& name) -> Scenario& {
    return all.emplace_back(scenario(seeds, noise, name));
  };
  add("two arms").arms = 2;
  add("F1").f1 = true;
  add("documents of 20").document = 20;
  Scenario& both = add("documents of 20, F1");
  both.document = 20;
  both.f1 = true;
  add("baseline twice as unsteady").arm_scale = {2};
  add("arms unsteady by 0.7 to 1.4").arm_scale = {1, 0.7, 1.4, 1, 1.4};
  add("arms unsteady by 0.5 to 3").arm_scale = {1, 0.5, 2, 1, 3};
  add("one arm four times as unsteady").arm_scale = {1, 1, 1, 1, 4};
  add("one arm ten times as unsteady").arm_scale = {1, 1, 1, 1, 10};
  add("languages unsteady by 0.5 to 2").language_scale = {0.5, 0.5, 0.7, 0.7, 1, 1, 1.5, 2};
  add("noise shared by a seed's arms").seed = 0.1;
  add("languages not parallel").parallel = 0;
  Scenario& small = add("100 examples, 95 % right");
  small.examples = 100;
  small.accuracy = 0.95;
  small.spread = 0.03;
  add("10 % of cells missing").missing = 0.1;
  return all;
}

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  for (const std::size_t seeds : std::initializer_list<std::size_t>{3, 5, 10})
    for (const Noise& noise : {Noise{0, 0}, {0.05, 0.05}, {0.1, 0.02}, {0.02, 0.1}, {0.2, 0.05}})
      all.push_back(scenario(seeds, noise));
  for (const auto& s : variants(3, {0.05, 0.05})) all.push_back(s);
  all.push_back(scenario(5, {0.05, 0.05}, "one arm ten times as unsteady"));
  all.back().arm_scale = {1, 1, 1, 1, 10};
  all.push_back(scenario(3, {0.2, 0.05}, "two arms"));
  all.back().arms = 2;
  all.push_back(scenario(5, {0.2, 0.05}, "two arms"));
  all.back().arms = 2;
  all.push_back(scenario(2, {0.05, 0.05}));
  for (const std::size_t seeds : std::initializer_list<std::size_t>{2, 3}) {
    Scenario& few = all.emplace_back(scenario(seeds, {0.2, 0.05}, "two arms, two languages"));
    few.arms = few.languages = 2;
  }
  all.push_back(scenario(5, {0.1, 0.02}, "baseline twice as unsteady"));
  all.back().arm_scale = {2};
  return all;
}

void print(const std::string& name, const Calibration& c) {
  const auto percent = [](double share) { return 100 * share; };
  std::printf(
      "| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |\n",
      name.c_str(), percent(c.naive_examples), percent(c.naive_both), percent(c.language),
      percent(c.worst_arm), percent(c.group), percent(c.contrast), percent(c.target_mean),
      c.half_width, percent(c.false_discoveries), percent(c.group_discoveries),
      percent(c.equivalence_error));
  std::fflush(stdout);
}

void print_coverage(const CalibrationPlan& plan, const std::string& only) {
  std::printf(
      "| seeds, noise | examples only | seeds and examples | language | worst arm | group mean | "
      "half less half | over targets | half-width | false discoveries | of groups | wrong "
      "equivalences |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& s : scenarios())
    if (s.name.find(only) != std::string::npos) print(s.name, calibrate(s, plan));
}

void print_power(CalibrationPlan plan) {
  std::printf("| seeds | examples |");
  const std::vector<double> effects{1, 2, 3, 4, 6, 8};
  for (const double effect : effects) std::printf(" %g |", effect);
  std::printf("\n|---|---|---|---|---|---|---|---|\n");
  plan.naive = 0;
  plan.studies = 0;
  for (const std::size_t seeds : std::initializer_list<std::size_t>{3, 5, 10}) {
    for (const std::size_t examples : std::initializer_list<std::size_t>{500, 2000}) {
      Scenario s = scenario(seeds, {0.05, 0.05}, "power");
      s.examples = examples;
      std::printf("| %zu | %zu |", seeds, examples);
      for (const double effect : effects) {
        plan.margin = effect;
        std::printf(" %.0f |", 100 * calibrate(s, plan).found);
        std::fflush(stdout);
      }
      std::printf("\n");
    }
  }
}

int run(int argc, char** argv) {
  CalibrationPlan plan;
  plan.threads = static_cast<int>(std::thread::hardware_concurrency());
  std::string only;
  bool power = false;
  for (int i = 1; i < argc; ++i) {
    const bool value = i + 1 < argc;
    if (std::strcmp(argv[i], "--power") == 0) {
      power = true;
    } else if (value && std::strcmp(argv[i], "--studies") == 0) {
      plan.studies = std::strtoul(argv[++i], nullptr, 10);
      plan.shifted = plan.studies * 3 / 10;
      plan.naive = plan.studies / 10;
    } else if (value && std::strcmp(argv[i], "--only") == 0) {
      only = argv[++i];
    } else {
      std::fprintf(stderr, "usage: calibrate [--studies N] [--only TEXT] [--power]\n");
      return 2;
    }
  }
  if (power)
    print_power(plan);
  else
    print_coverage(plan, only);
  return 0;
}

}  // namespace
}  // namespace sojourn::simulation

int main(int argc, char** argv) {
  try {
    return sojourn::simulation::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
