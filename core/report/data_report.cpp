#include "core/report/data_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/data/files.h"
#include "core/report/table.h"

namespace sojourn {

namespace {

using Lines = std::vector<std::vector<std::string>>;
using Json = nlohmann::ordered_json;

// From here on, a set for training in one language holds too much of others to be a few names.
constexpr double kForeign = 0.05;

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

std::string percent(std::int64_t part, std::int64_t all) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f%%", 100 * share(part, all));
  // What is there isn't shown as nothing.
  return part > 0 && std::string(text.data()) == "0.0%" ? "<0.1%" : text.data();
}

std::string largest_label(const CheckedSet& set) {
  std::int64_t all = 0;
  std::int64_t most = 0;
  for (const auto& [label, count] : set.counts.labels) {
    all += count;
    most = std::max(most, count);
  }
  return all == 0 ? "-" : percent(most, all);
}

std::string sets_table(const DataCheck& check) {
  Lines lines{{"task", "split", "language", "examples", "labels", "largest", "tokens", "unknown",
               "limit", "longer", "duplicates"}};
  for (const auto& set : check.sets) {
    auto& line = lines.emplace_back(std::vector<std::string>{set.task, set.split, set.language});
    if (!set.error.empty()) {
      line.emplace_back("wrong");
      line.resize(lines[0].size(), "-");
      continue;
    }
    const auto used = std::count_if(set.counts.labels.begin(), set.counts.labels.end(),
                                    [](const auto& label) { return label.second > 0; });
    line.insert(
        line.end(),
        {thousands(set.counts.examples), used == 0 ? "-" : std::to_string(used), largest_label(set),
         thousands(set.counts.pieces), percent(set.counts.unknown, set.counts.pieces),
         thousands(set.max_tokens), percent(set.counts.too_long, set.counts.examples),
         thousands(set.counts.duplicates)});
  }
  return numbers_right(std::move(lines), 3);
}

std::string notes(const DataCheck& check) {
  std::string text;
  for (const auto& set : check.sets) {
    for (const auto& note : set.notes) text += "  " + name_of(set) + ": " + note + "\n";
  }
  return text.empty() ? "" : "\nNoted while reading:\n" + text;
}

std::string absent_files(const DataCheck& check) {
  std::string text;
  for (const auto& absent : check.absent) {
    text += "  " + absent.task + " " + absent.split +
            (absent.all ? "" : ": " + join(absent.languages, " ")) + "\n";
  }
  return text.empty() ? "" : "\nNot there:\n" + text;
}

std::string foreign_training(const DataCheck& check) {
  std::string text;
  for (const auto& set : check.sets) {
    if (set.split != "train" || set.language != kTrainingLanguage ||
        share(set.counts.not_latin, set.counts.examples) < kForeign)
      continue;
    text += "  " + name_of(set) + ": " + thousands(set.counts.not_latin) + " of " +
            thousands(set.counts.examples) + " examples (" +
            percent(set.counts.not_latin, set.counts.examples) + "), the first is " +
            set.counts.not_latin_example + "\n";
  }
  return text.empty() ? ""
                      : std::string("\nTraining data said to be '") + kTrainingLanguage +
                            "', but mostly in another script than Latin:\n" + text;
}

const char* texts_of(TextRole role) {
  switch (role) {
    case TextRole::kSingle:
      return "single texts";
    case TextRole::kFirst:
      return "first texts";
    case TextRole::kSecond:
      return "second texts";
    case TextRole::kWords:
      break;
  }
  return "sentences";
}

std::string overlaps(const DataCheck& check) {
  const std::string long_text =
      "text of " + std::to_string(kShortestOverlap) + " characters or more";
  if (check.overlaps.empty())
    return "\nNo training or dev " + long_text +
           " is in a test set, nor a training text in a dev set.\n";
  Lines lines{{"training or dev", "scored", "found", "share", "example", "scored example"}};
  for (const auto& overlap : check.overlaps) {
    lines.push_back(
        {name_of(check.sets[overlap.source]), name_of(check.sets[overlap.scored]),
         thousands(overlap.found) + " of " + thousands(overlap.of) + " " + texts_of(overlap.role),
         percent(overlap.found, overlap.of), overlap.source_example, overlap.scored_example});
  }
  for (auto& line : lines) line[0].insert(0, "  ");
  return "\nOverlaps of training or dev sets with what is scored, each a " + long_text + ":\n" +
         left_aligned(lines);
}

Json name_json(const CheckedSet& set) {
  return {{"task", set.task}, {"split", set.split}, {"language", set.language}};
}

Json set_json(const CheckedSet& set) {
  Json json = name_json(set);
  json["files"] = Json::object();
  for (const auto& [name, file] : set.files) json["files"][name] = file.string();
  json["notes"] = set.notes;
  if (!set.error.empty()) {
    json["error"] = set.error;
    return json;
  }
  json["examples"] = set.counts.examples;
  json["labels"] = Json::object();
  for (const auto& [label, count] : set.counts.labels) json["labels"][label] = count;
  json["tokens"] = set.counts.pieces;
  json["unknown"] = set.counts.unknown;
  json["max_tokens"] = set.max_tokens;
  json["longer"] = set.counts.too_long;
  json["duplicates"] = set.counts.duplicates;
  if (set.counts.duplicates > 0) json["first_duplicate"] = set.counts.duplicate;
  json["mostly_not_latin"] = set.counts.not_latin;
  if (set.counts.not_latin > 0) json["first_not_latin"] = set.counts.not_latin_example;
  return json;
}

Json overlap_json(const Overlap& overlap, const DataCheck& check) {
  static constexpr std::array kRoles{"single", "first", "second", "words"};
  return {{"source", name_json(check.sets[overlap.source])},
          {"scored", name_json(check.sets[overlap.scored])},
          {"texts", kRoles.at(static_cast<std::size_t>(overlap.role))},
          {"found", overlap.found},
          {"of", overlap.of},
          {"source_example", overlap.source_example},
          {"scored_example", overlap.scored_example}};
}

}  // namespace

std::string name_of(const CheckedSet& set) {
  return set.task + " " + set.split + " " + set.language;
}

std::string data_table(const DataCheck& check) {
  return sets_table(check) + notes(check) + absent_files(check) + foreign_training(check) +
         overlaps(check);
}

std::string data_json(const DataCheck& check) {
  Json json{{"sets", Json::array()}, {"absent", Json::array()}, {"overlaps", Json::array()}};
  for (const auto& set : check.sets) json["sets"].push_back(set_json(set));
  for (const auto& absent : check.absent) {
    json["absent"].push_back(
        {{"task", absent.task}, {"split", absent.split}, {"languages", absent.languages}});
  }
  for (const auto& overlap : check.overlaps)
    json["overlaps"].push_back(overlap_json(overlap, check));
  return json.dump(2) + "\n";
}

}  // namespace sojourn
