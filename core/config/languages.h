// A file of languages and what is known of them, and the groups that a study makes of it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/config/study.h"

namespace sojourn {

// A column of the file: what its values are, and where each of them was read.
struct Measure {
  std::string about;
  std::string source;
  bool in_numbers = false;  // else in words
};

struct LanguageFacts {
  std::string name;  // in English
  // By measure; none where nothing is known.
  std::map<std::string, std::variant<double, std::string>> values;
};

struct LanguageCatalog {
  std::map<std::string, Measure> measures;
  std::map<std::string, LanguageFacts> languages;  // by code
};

// Reads such a file: [measure.NAME] with `about` and `source`, [language.CODE] with `name`,
// optionally `iso639_3`, and any of the measures. Throws Error(kInput) with file and line for a key
// that is no measure of the file, and a measure without a source or with numbers and words.
LanguageCatalog load_languages(const std::filesystem::path& file);

struct LanguageGroup {
  std::string name;
  std::string rule;                    // "joshi_class at most 2"
  std::vector<std::string> languages;  // codes, sorted
};

// What a study's measure makes of a table. Numbers make "low", "middle" and "high" by the study's
// thresholds (one threshold makes two groups), in this order; words make a group each.
struct Grouping {
  std::string measure;  // "": no groups
  Measure of_measure;
  std::vector<LanguageGroup> groups;
};

// Throws Error(kInput) at the study's line: no such measure (with the nearest), thresholds missing,
// in the wrong order, or given for words.
Grouping group_languages(const LanguageCatalog& table, const Study& study);

// Both, for the file that the study names; neither where it names none. Throws Error(kInput) also
// for a hypothesis about a group that isn't there.
struct StudyLanguages {
  LanguageCatalog table;
  Grouping grouping;
};
StudyLanguages languages_of(const Study& study);

}  // namespace sojourn
