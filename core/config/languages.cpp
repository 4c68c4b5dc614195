#include "core/config/languages.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/number.h"
#include "core/config/value.h"

namespace sojourn {

namespace {

using config::Entry;
using config::Value;

const Value::Table& table_of(const Value& value, const std::string& title) {
  if (value.table() == nullptr)
    throw input_error(value.where, "expected a table " + title + ", found " + value.found());
  return *value.table();
}

std::string text_of(const Entry& entry, const std::string& title) {
  const auto* text = std::get_if<std::string>(&entry.value.data);
  if (text == nullptr || text->empty()) {
    throw input_error(entry.value.where, "'" + entry.key + "' in " + title +
                                             ": expected text, found " + entry.value.found());
  }
  return *text;
}

Measure measure_of(const Entry& entry) {
  const std::string title = "[measure." + entry.key + "]";
  Measure measure;
  for (const Entry& key : table_of(entry.value, title)) {
    if (key.key == "about") {
      measure.about = text_of(key, title);
    } else if (key.key == "source") {
      measure.source = text_of(key, title);
    } else {
      throw input_error(
          key.where, "unknown key '" + key.key + "' in " + title + "; expected about and source");
    }
  }
  if (measure.about.empty() || measure.source.empty()) {
    throw input_error(entry.where, title + " lacks '" +
                                       (measure.about.empty() ? "about" : "source") +
                                       "'; expected what its values are, and where they were read");
  }
  return measure;
}

// Reads the languages of a file, whose measures are known, and finds which of these are in numbers.
class LanguageReader {
 public:
  explicit LanguageReader(LanguageCatalog& table) : table_(table) {
    for (const auto& [name, measure] : table.measures) known_.push_back(name);
  }

  void read(const Entry& entry) {
    const std::string title = "[language." + entry.key + "]";
    LanguageFacts facts;
    for (const Entry& key : table_of(entry.value, title)) {
      if (key.key == "name") {
        facts.name = text_of(key, title);
      } else if (key.key == "iso639_3") {
        text_of(key, title);
      } else {
        facts.values.emplace(key.key, value_of(key, title));
      }
    }
    if (facts.name.empty()) throw input_error(entry.where, "the key 'name' is missing in " + title);
    table_.languages.emplace(entry.key, std::move(facts));
  }

 private:
  std::variant<double, std::string> value_of(const Entry& key, const std::string& title) {
    const auto measure = table_.measures.find(key.key);
    if (measure == table_.measures.end()) {
      throw input_error(key.where, "'" + key.key + "' in " + title + " is no measure of this file" +
                                       did_you_mean(key.key, known_) +
                                       "; expected a table [measure." + key.key +
                                       "] that says what it is and where it was read");
    }
    const auto* real = std::get_if<double>(&key.value.data);
    const auto* whole = std::get_if<std::int64_t>(&key.value.data);
    const bool number = real != nullptr || whole != nullptr;
    if (real != nullptr && !std::isfinite(*real)) {
      throw input_error(key.value.where, "'" + key.key + "' in " + title +
                                             ": expected a finite number, or no such key where it "
                                             "isn't known");
    }
    const auto [first, is_first] = first_.emplace(key.key, key.where);
    if (is_first) measure->second.in_numbers = number;
    if (measure->second.in_numbers != number) {
      throw input_error(key.value.where, "'" + key.key + "' in " + title + ": expected a " +
                                             (number ? "word" : "number") + " as at " +
                                             first->second + ", found " + key.value.found());
    }
    if (!number) return text_of(key, title);
    return real != nullptr ? *real : static_cast<double>(*whole);
  }

  LanguageCatalog& table_;
  std::vector<std::string> known_;
  std::map<std::string, std::string> first_;  // where each measure has its first value
};

void check_thresholds(const Study& study, const Measure& measure) {
  const std::string name = "'" + study.measure + "' in [report]";
  if (!measure.in_numbers) {
    if (!study.low && !study.high) return;
    throw input_error(study.where_of(study.low ? "report.low" : "report.high"),
                      "thresholds are for measures in numbers, and " + name +
                          " is in words, each of which is a group; expected neither 'low' nor "
                          "'high'");
  }
  if (!study.low && !study.high) {
    throw input_error(study.where_of("report.measure"),
                      name +
                          " is in numbers; expected 'low' and 'high' beside it, the most that a "
                          "language of the group 'low' has and the least of 'high'");
  }
  if (study.low && study.high && *study.low >= *study.high) {
    throw input_error(study.where_of("report.low"),
                      "'low' in [report] is " + config::number_text(*study.low) +
                          ", expected less than 'high', " + config::number_text(*study.high));
  }
}

std::vector<LanguageGroup> groups_by_number(const LanguageCatalog& table, const Study& study) {
  const std::string& measure = study.measure;
  const auto rule = [&](const char* how, double bound) {
    return measure + " " + how + " " + config::number_text(bound);
  };
  LanguageGroup low{"low", rule("at most", study.low.value_or(0)), {}};
  LanguageGroup middle{"middle", "in between", {}};
  LanguageGroup high{"high", rule("at least", study.high.value_or(0)), {}};
  if (!study.low) low.rule = rule("less than", *study.high);
  if (!study.high) high.rule = rule("more than", *study.low);
  for (const auto& [code, facts] : table.languages) {
    const auto found = facts.values.find(measure);
    if (found == facts.values.end()) continue;
    const double value = std::get<double>(found->second);
    const bool is_low = study.low ? value <= *study.low : value < *study.high;
    const bool is_high = study.high ? value >= *study.high : value > *study.low;
    (is_low ? low : is_high ? high : middle).languages.push_back(code);
  }
  if (!study.low || !study.high) return {low, high};
  return {low, middle, high};
}

std::vector<LanguageGroup> groups_by_word(const LanguageCatalog& table, const Study& study) {
  std::map<std::string, LanguageGroup> groups;
  for (const auto& [code, facts] : table.languages) {
    const auto found = facts.values.find(study.measure);
    if (found == facts.values.end()) continue;
    const auto& word = std::get<std::string>(found->second);
    LanguageGroup& group = groups[word];
    group.name = word;
    group.rule = study.measure + " is " + word;
    group.languages.push_back(code);
  }
  std::vector<LanguageGroup> list;
  for (auto& entry : groups) list.push_back(std::move(entry.second));
  return list;
}

void check_groups(const Study& study, const Grouping& grouping) {
  std::vector<std::string> names;
  for (const auto& group : grouping.groups) names.push_back(group.name);
  for (const auto& hypothesis : study.hypotheses) {
    const std::string& group = hypothesis.group;
    if (group.empty() || std::find(names.begin(), names.end(), group) != names.end()) continue;
    throw input_error(
        hypothesis.where_of("group"),
        "'group' of the hypothesis '" + hypothesis.name + "' is '" + group + "'; " +
            (names.empty() ? "the study has no groups; expected 'groups' and 'measure' in [report]"
                           : "expected one of: " + join(names, ", ") + did_you_mean(group, names)));
  }
}

}  // namespace

LanguageCatalog load_languages(const std::filesystem::path& file) {
  const Value document = config::parse_toml_file(file);
  LanguageCatalog table;
  for (const Entry& entry : *document.table()) {
    if (entry.key != "measure" && entry.key != "language") {
      throw input_error(entry.where, "unknown key '" + entry.key +
                                         "' in a file of languages; expected tables "
                                         "[measure.NAME] and [language.CODE]");
    }
  }
  if (const Entry* measures = config::find_entry(*document.table(), "measure")) {
    for (const Entry& entry : table_of(measures->value, "[measure]"))
      table.measures.emplace(entry.key, measure_of(entry));
  }
  LanguageReader reader(table);
  if (const Entry* languages = config::find_entry(*document.table(), "language")) {
    for (const Entry& entry : table_of(languages->value, "[language]")) reader.read(entry);
  }
  return table;
}

Grouping group_languages(const LanguageCatalog& table, const Study& study) {
  if (study.measure.empty()) {
    for (const char* key : {"low", "high"}) {
      if (!study.key_where.contains(std::string("report.") + key)) continue;
      throw input_error(
          study.where_of(std::string("report.") + key),
          std::string("'") + key +
              "' in [report] is a threshold of a measure; expected 'measure' beside it");
    }
    return {};
  }
  const auto measure = table.measures.find(study.measure);
  if (measure == table.measures.end()) {
    std::vector<std::string> names;
    for (const auto& entry : table.measures) names.push_back(entry.first);
    throw input_error(study.where_of("report.measure"),
                      "'measure' in [report] is '" + study.measure + "'; expected one of: " +
                          join(names, ", ") + did_you_mean(study.measure, names));
  }
  check_thresholds(study, measure->second);
  return {
      study.measure, measure->second,
      measure->second.in_numbers ? groups_by_number(table, study) : groups_by_word(table, study)};
}

StudyLanguages languages_of(const Study& study) {
  StudyLanguages made;
  if (!study.languages.empty()) {
    if (!std::filesystem::is_regular_file(study.languages)) {
      throw input_error(
          study.where_of("report.groups"),
          "'groups' in [report] names " + study.languages.string() + ": no such file");
    }
    made.table = load_languages(study.languages);
  } else if (!study.measure.empty()) {
    throw input_error(study.where_of("report.measure"),
                      "'measure' in [report] is a column of a file of languages; expected 'groups' "
                      "beside it, which names the file");
  }
  made.grouping = group_languages(made.table, study);
  check_groups(study, made.grouping);
  return made;
}

}  // namespace sojourn
