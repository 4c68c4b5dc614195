#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/base/error.h"
#include "core/config/study.h"
#include "core/report/table.h"
#include "core/statistics/power.h"

namespace sojourn {

namespace {

constexpr const char* kExamples = R"(Examples:
  sojourn power study.toml --examples 1000
  sojourn power study.toml --examples 2000 --seed-deviation 0.8 --example-deviation 40
  sojourn power study.toml --set 'seeds=[1, 2, 3, 4, 5]' --examples 500 --power 0.9

Arms and seeds are the study's; the other lines show what more or fewer seeds would give. Deviations are
assumed: those of a finished run of the kind are in its report. "detectable" is the smallest true
difference in one language that one test finds so often; after correction for many tests it takes more.
"margin" is the smallest one that equal arms are shown to lie within as often. Other numbers of seeds
take the deviation of examples for noise of each run: at thrice the study's seeds that is too hopeful by
some 8 % of the standard error, since part of it is how the arms differ, whatever the seed.
Exit codes: 0 done; 2 something is wrong with the command line or the study.)";

std::string number(double value) {
  if (std::isinf(value)) return "-";
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

std::vector<std::size_t> seeds_shown(std::size_t own) {
  std::vector<std::size_t> seeds{2, 3, 5, 10, own};
  std::sort(seeds.begin(), seeds.end());
  seeds.erase(std::unique(seeds.begin(), seeds.end()), seeds.end());
  return seeds;
}

}  // namespace

CLI::App* add_power(CLI::App& app, PowerArguments& arguments) {
  auto* power = app.add_subcommand("power", "Say how small a difference a study could see");
  power->footer(kExamples);
  power->add_option("study", arguments.study, "The study, a TOML file")
      ->required()
      ->type_name("STUDY.toml");
  power
      ->add_option("--set", arguments.overrides,
                   "Override a key of the study, as often as you like")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  power
      ->add_option("--examples", arguments.examples,
                   "Test examples of a language, or documents where several share one")
      ->required()
      ->check(CLI::Range(2.0, 1e9));
  power
      ->add_option("--seed-deviation", arguments.seed_deviation,
                   "Standard deviation of an arm's score over seeds, in points, without the noise "
                   "of single examples [1]")
      ->check(CLI::NonNegativeNumber);
  power
      ->add_option("--example-deviation", arguments.example_deviation,
                   "Standard deviation of an example's difference between two arms, averaged over "
                   "the study's seeds, in points; of accuracy about 100 times the root of the "
                   "share of examples answered differently [40]")
      ->check(CLI::PositiveNumber);
  power->add_option("--power", arguments.power, "How often a difference is to be found [0.8]")
      ->check(CLI::Range(0.06, 0.999));
  return power;
}

int power_command(const PowerArguments& arguments) {
  const Study study = load_study(arguments.study, arguments.overrides);
  Design design;
  design.arms = arms_of(study).size();
  design.examples = arguments.examples;
  design.seed_deviation = arguments.seed_deviation;
  if (design.arms < 2)
    throw input_error(arguments.study.string(), "has one arm, so there is nothing to compare");
  std::vector<std::vector<std::string>> lines{{"seeds", "standard error", "detectable", "margin"}};
  for (const std::size_t seeds : seeds_shown(study.seeds.size())) {
    design.seeds = seeds;
    // Of the difference averaged over the study's seeds, as noise of each run of these.
    design.example_deviation =
        arguments.example_deviation *
        std::sqrt(static_cast<double>(study.seeds.size()) / static_cast<double>(seeds));
    const Power power = power_of(design, 0.05, arguments.power);
    lines.push_back({std::to_string(seeds) + (seeds == study.seeds.size() ? " (the study)" : ""),
                     number(power.standard_error), number(power.detectable), number(power.margin)});
  }
  std::printf(
      "%s: %zu arms, %.0f examples; in points, at alpha 0.05 with power %g\n"
      "assumed deviations: %g over seeds, %g of examples\n%s",
      study.name.c_str(), design.arms, design.examples, arguments.power, design.seed_deviation,
      arguments.example_deviation, numbers_right(std::move(lines), 1).c_str());
  return kExitOk;
}

}  // namespace sojourn
