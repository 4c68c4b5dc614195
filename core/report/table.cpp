#include "core/report/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace sojourn {

namespace {

using Values = std::map<std::string, std::map<std::uint64_t, double>>;  // by language, then seed
using Line = std::vector<std::string>;

std::string number(std::optional<double> value, bool sign) {
  if (!value) return "-";
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), sign ? "%+.1f" : "%.1f", *value);
  const std::string shown = text.data();
  return shown == "-0.0" ? (sign ? "+0.0" : "0.0") : shown;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Mean over seeds; nothing where there is no result.
std::optional<double> over_seeds(const Values& values, const std::string& language) {
  const auto found = values.find(language);
  if (found == values.end()) return std::nullopt;
  std::vector<double> all;
  for (const auto& entry : found->second) all.push_back(entry.second);
  return mean(all);
}

// Mean over the languages, for each seed that has all of them.
std::vector<double> language_means(const Values& values,
                                   const std::vector<std::string>& languages) {
  std::map<std::uint64_t, std::vector<double>> by_seed;
  for (const auto& language : languages) {
    const auto found = values.find(language);
    if (found == values.end()) return {};
    for (const auto& [seed, value] : found->second) by_seed[seed].push_back(value);
  }
  std::vector<double> means;
  for (const auto& entry : by_seed) {
    if (entry.second.size() == languages.size()) means.push_back(mean(entry.second));
  }
  return means;
}

std::optional<double> deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const double center = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

std::vector<std::size_t> widths_of(const std::vector<Line>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()), 0);
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  return widths;
}

Line arm_line(const std::string& name, const Values& values,
              const std::vector<std::string>& languages, bool several) {
  Line line{name};
  for (const auto& language : languages)
    line.push_back(number(over_seeds(values, language), false));
  const auto means = language_means(values, languages);
  line.push_back(number(means.empty() ? std::nullopt : std::optional(mean(means)), false));
  if (several) line.push_back(number(deviation(means), false));
  return line;
}

// Those at seeds that the other one has in the same language, too.
Values at_common_seeds(const Values& values, const Values& other) {
  Values common;
  for (const auto& [language, by_seed] : values) {
    const auto theirs = other.find(language);
    if (theirs == other.end()) continue;
    for (const auto& [seed, value] : by_seed) {
      if (theirs->second.contains(seed)) common[language][seed] = value;
    }
  }
  return common;
}

Line difference_line(const std::string& name, const Values& all, const Values& all_of_base,
                     const std::vector<std::string>& languages) {
  const Values values = at_common_seeds(all, all_of_base);
  const Values base = at_common_seeds(all_of_base, all);
  Line line{name};
  const auto difference = [](std::optional<double> a, std::optional<double> b) {
    return a && b ? std::optional(*a - *b) : std::nullopt;
  };
  for (const auto& language : languages) {
    line.push_back(
        number(difference(over_seeds(values, language), over_seeds(base, language)), true));
  }
  const auto a = language_means(values, languages);
  const auto b = language_means(base, languages);
  line.push_back(
      number(a.empty() || b.empty() ? std::nullopt : std::optional(mean(a) - mean(b)), true));
  return line;
}

struct Block {
  std::map<std::string, Values> arms;
  std::map<std::string, std::map<std::uint64_t, std::int64_t>> layers;  // by arm, then seed
};

// What the table shows of a target: one block for each task, split and primary metric, by its
// title.
std::map<std::string, Block> blocks_of(const std::vector<ResultRow>& rows,
                                       const std::string& target) {
  std::map<std::string, Block> all;
  for (const auto& row : rows) {
    if (row.target != target || !row.primary) continue;
    const std::string title = (target.empty() ? "intermediate stages" : target) + ": " +
                              row.metric +
                              (row.profile == row.metric ? "" : " (" + row.profile + ")") + ", " +
                              row.task + " " + row.split;
    Block& block = all[title];
    block.arms[row.arm][row.language][row.seed] = row.value;
    if (row.layer) block.layers[row.arm][row.seed] = *row.layer;
  }
  return all;
}

// ", layer 8", or for each arm those of its seeds; nothing for scores of a head.
std::string layers_text(const Block& block, const std::vector<ComparedArm>& arms) {
  std::set<std::int64_t> distinct;
  for (const auto& [arm, by_seed] : block.layers) {
    for (const auto& entry : by_seed) distinct.insert(entry.second);
  }
  if (distinct.empty()) return "";
  if (distinct.size() == 1) return ", layer " + std::to_string(*distinct.begin());
  std::string text;
  for (const auto& [arm, baseline] : arms) {
    if (!block.layers.contains(arm)) continue;
    text += (text.empty() ? ", layers: " : "; ") + arm;
    for (const auto& entry : block.layers.at(arm)) text += " " + std::to_string(entry.second);
  }
  return text;
}

std::string block_text(const std::string& title, const Block& block,
                       const std::vector<ComparedArm>& arms) {
  std::set<std::string> found;
  std::set<std::uint64_t> seeds;
  for (const auto& [arm, values] : block.arms) {
    for (const auto& [language, by_seed] : values) {
      found.insert(language);
      for (const auto& entry : by_seed) seeds.insert(entry.first);
    }
  }
  std::vector<std::string> languages(found.begin(), found.end());
  const auto english =
      std::find(languages.begin(), languages.end(), "en");  // the language trained in comes first
  if (english != languages.end()) std::rotate(languages.begin(), english, english + 1);
  std::vector<Line> lines{{"arm"}};
  lines[0].insert(lines[0].end(), languages.begin(), languages.end());
  lines[0].push_back("mean");
  if (seeds.size() > 1) lines[0].push_back("sd");
  for (const auto& [arm, baseline] : arms) {
    if (!block.arms.contains(arm)) continue;
    lines.push_back(arm_line(arm, block.arms.at(arm), languages, seeds.size() > 1));
    if (arm == baseline || !block.arms.contains(baseline)) continue;
    lines.push_back(
        difference_line("  - " + baseline, block.arms.at(arm), block.arms.at(baseline), languages));
  }
  return title + layers_text(block, arms) +
         (seeds.size() > 1 ? ", mean of " + std::to_string(seeds.size()) + " seeds" : "") + "\n" +
         numbers_right(std::move(lines), 1) + "\n";
}

}  // namespace

std::string left_aligned(const std::vector<std::vector<std::string>>& lines) {
  const auto widths = widths_of(lines);
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - line[i].size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

std::string numbers_right(std::vector<std::vector<std::string>> lines, std::size_t column) {
  const auto widths = widths_of(lines);
  for (auto& line : lines) {
    for (std::size_t i = column; i < line.size(); ++i)
      line[i].insert(0, widths[i] - line[i].size(), ' ');
    line[0].insert(0, "  ");
  }
  return left_aligned(lines);
}

std::string results_table(const std::vector<ResultRow>& rows, const std::vector<ComparedArm>& arms,
                          const std::vector<std::string>& targets) {
  std::string text;
  for (const auto& target : targets) {
    for (const auto& [title, block] : blocks_of(rows, target))
      text += block_text(title, block, arms);
  }
  return text;
}

std::string results_table(const std::vector<ResultRow>& rows, const Study& study) {
  std::vector<ComparedArm> arms;
  for (const auto& arm : arms_of(study)) arms.push_back({arm.name, arm.baseline});
  std::vector<std::string> targets{""};
  for (const auto& target : study.targets) targets.push_back(target.name);
  return results_table(rows, arms, targets);
}

}  // namespace sojourn
