#include "core/report/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <tuple>

#include "core/report/report_lines.h"

namespace sojourn {

namespace {

using Json = nlohmann::ordered_json;

// Named values of one kind, such as the hashes of files.
using Values = std::map<std::string, std::string>;

// The lines of a study file by table and key; tables of a list are told apart by their names.
Values study_values(const Study& study) {
  Values values;
  std::istringstream lines(resolved_toml(study));
  std::string table;
  std::string item;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) {
      // "[target.recipe]" belongs to the [[target]] before it.
      if (line.starts_with("[[")) item.clear();
      table = line;
    } else if (const auto equals = line.find(" = "); equals != std::string::npos) {
      const std::string key = line.substr(0, equals);
      const bool names = key == "name" || (key == "task" && item.empty());
      if (names && table.starts_with("[[")) item = line.substr(equals + 3);
      const std::string of = table.empty() ? "" : table + (item.empty() ? "" : " " + item) + " ";
      values[of + key] = line.substr(equals + 3);
    }
  }
  return values;
}

Values flat(const Json& object) {
  Values values;
  for (const auto& [key, value] : object.items())
    values[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return values;
}

Values file_hashes(const Json& manifest) {
  Values values;
  const std::filesystem::path root = manifest.at("data_root").get<std::string>();
  for (const auto& [file, hash] : manifest.at("data").items())
    values[std::filesystem::path(file).lexically_relative(root).generic_string()] =
        hash.get<std::string>().substr(0, 12);
  return values;
}

Values task_hashes(const Json& manifest) {
  Values values;
  for (const auto& [name, task] : manifest.at("tasks").items())
    values[name] = task.at("version").get<std::string>() + " " +
                   task.at("sha256").get<std::string>().substr(0, 12);
  return values;
}

// Each difference as a line; "" where there is none.
std::string differences(const std::string& title, const Values& before, const Values& after) {
  report::Lines lines;
  const auto value_in = [](const Values& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string("-") : found->second;
  };
  Values all = before;
  all.insert(after.begin(), after.end());
  for (const auto& entry : all) {
    const std::string a = value_in(before, entry.first);
    const std::string b = value_in(after, entry.first);
    if (a != b) lines.push_back({"  " + entry.first, a, "->", b});
  }
  return lines.empty() ? "" : title + "\n" + left_aligned(lines) + "\n";
}

using Cell = std::tuple<std::string, std::string, std::string, std::string, std::uint64_t>;

// Primary values by arm, target, split, language and seed.
std::map<Cell, double> cells_of(const RunFolder& run) {
  std::map<Cell, double> cells;
  for (const ResultRow& row : run.rows) {
    if (row.primary && !row.target.empty())
      cells[{row.arm, row.target, row.split, row.language, row.seed}] = row.value;
  }
  return cells;
}

struct Change {
  std::size_t cells = 0;
  std::size_t equal = 0;
  double before = 0;  // sums
  double after = 0;
  double largest = 0;
  std::string where;  // is the largest
};

void add(const Cell& cell, double before, double after, Change& change) {
  ++change.cells;
  change.equal += before == after ? 1U : 0U;
  change.before += before;
  change.after += after;
  if (std::abs(after - before) <= std::abs(change.largest)) return;
  change.largest = after - before;
  change.where = std::get<3>(cell) + " seed " + std::to_string(std::get<4>(cell));
}

std::string score_changes(const RunFolder& before, const RunFolder& after) {
  const auto a = cells_of(before);
  const auto b = cells_of(after);
  std::map<std::tuple<std::string, std::string, std::string>, Change> changes;
  std::size_t only_before = a.size();
  std::size_t only_after = b.size();
  for (const auto& [cell, value] : a) {
    const auto other = b.find(cell);
    if (other == b.end()) continue;
    --only_before;
    --only_after;
    add(cell, value, other->second,
        changes[{std::get<0>(cell), std::get<1>(cell), std::get<2>(cell)}]);
  }
  report::Lines lines{
      {"arm", "target", "split", "cells", "equal", "before", "after", "change", "largest"}};
  for (const auto& [place, change] : changes) {
    const auto cells = static_cast<double>(change.cells);
    lines.push_back(
        {std::get<0>(place), std::get<1>(place), std::get<2>(place), std::to_string(change.cells),
         std::to_string(change.equal), report::score_text(change.before / cells),
         report::score_text(change.after / cells),
         report::signed_text((change.after - change.before) / cells),
         change.where.empty() ? "-" : report::signed_text(change.largest) + " " + change.where});
  }
  std::string text = "Scores, means over the cells that both runs have\n" + numbers_right(lines, 3);
  if (only_before + only_after > 0) {
    text += std::to_string(only_before) + " cells are in the first run only, " +
            std::to_string(only_after) + " in the second only\n";
  }
  return text;
}

}  // namespace

std::string comparison_page(const RunFolder& before, const RunFolder& after) {
  const Json& a = before.manifest;
  const Json& b = after.manifest;
  std::string text =
      differences("Study", study_values(before.study), study_values(after.study)) +
      differences("Machine", flat(a.at("machine")), flat(b.at("machine"))) +
      differences("Encoder, SHA-256 of its files", flat(a.at("encoder").at("sha256")),
                  flat(b.at("encoder").at("sha256"))) +
      differences("Plugins", task_hashes(a), task_hashes(b)) +
      differences("Data, SHA-256 of files", file_hashes(a), file_hashes(b));
  if (text.empty()) text = "Study, machine, encoder, plugins and data are the same.\n\n";
  return text + score_changes(before, after);
}

}  // namespace sojourn
