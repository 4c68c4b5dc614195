// What a task says of itself, and its JSON (docs/abi.md).
#pragma once

#include <sojourn/numbers.h>

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Writes JSON text, value by value; commas are its own business.
class JsonWriter {
 public:
  JsonWriter& open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  JsonWriter& close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  JsonWriter& key(std::string_view name) {
    value(name);
    text_ += ':';
    first_ = true;
    return *this;
  }
  JsonWriter& value(std::string_view s) {
    separate();
    text_ += '"';
    for (const char c : s) append(c);
    text_ += '"';
    return *this;
  }
  JsonWriter& literal(std::string_view s) {  // a number, true, false
    separate();
    text_ += s;
    return *this;
  }
  JsonWriter& value(const std::vector<std::string>& list) {
    open('[');
    for (const auto& item : list) value(std::string_view(item));
    return close(']');
  }

  const std::string& text() const noexcept { return text_; }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  void append(char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const unsigned byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      text_ += "\\u00";
      text_ += kHex[byte >> 4U];
      text_ += kHex[byte & 15U];
      return;
    }
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }

  std::string text_;
  bool first_ = true;
};

// The part of the manifest that the author of a task writes.
struct Description {
  std::string name;
  std::string licence;  // of the data
  std::vector<std::string> languages;
  std::map<std::string, std::string>
      codes;  // {code} of a language, where it isn't the language itself
  // split -> file -> patterns below the data root, of which the first that exists is taken. They
  // may hold {split}, {language}, {code} and *.
  std::map<std::string, std::map<std::string, std::vector<std::string>>> splits;
  // Of any split, which needs at least one file all the same.
  std::vector<std::string> optional_files;
  std::string labels_file;  // of the gold alone, "xnli/test-{language}.tsv", in a folder of labels
                            // such as XTREME's; opened as split kLabelsSplit. Empty: none
  std::vector<std::string> train_on;
  std::vector<std::string> labels;  // in the order of the head's outputs; empty where the task's
                                    // labels() reads them from the train split, or there are none
};

// The part that belongs to a family.
struct FamilySpec {
  struct Field {
    std::string name;
    std::vector<std::string> dims;  // "T" (pieces), "C" (choices) or sizes
    int pad;
    std::string type = "int64";  // or "float32"
  };
  struct Output {
    std::string name;
    std::vector<std::string> dims;  // of one feature: also "L" (labels)
  };
  // What a study may set: a number, or a word that is one of `choices`.
  struct Option {
    std::string name;
    double number;     // where the study doesn't say
    std::string word;  // the same of a word
    std::vector<std::string> choices;
    bool integer = false;
    std::optional<double> above, min, max;  // above: the number itself doesn't fit
  };
  std::string family;  // of the head; empty: none
  std::string kind;    // for people
  std::vector<Field> fields;
  std::string loss_items;
  double masked_share = 0;  // of the pieces, which the host hides in training and writes into the
                            // field loss_items; 0: none
  std::vector<Option> options;
  std::vector<std::string> inputs;     // "mean:$layer": at the layer that the option says
  std::vector<Output> outputs;         // none in a family that is trained only, or that searches
  bool batch_negatives = false;        // the loss compares the examples of a batch
  std::string search_side;             // the field; empty: no search
  std::string search_vector = "mean";  // over the tokens; or "inner_mean", "first"
  std::vector<std::string> ops;
  bool labels_from_train = false;  // set where the task has labels()
  // How XTREME writes predictions down: "lines" (one a line), "sentences" (a tag a line, a blank
  // line after each sentence), "answers" (a JSON object from id to text) or "pairs" (id TAB
  // prediction, any number a line); see docs/abi.md.
  std::string predictions = "lines";
  // A function of summed statistics: the ratio of two, the F1 of three (true positives, predicted,
  // gold), or what `how` says: "margin", half the width of the 95 % interval of a mean (sum, sum of
  // squares, number); "pearson", the correlation of x and y (number, and the sums of x, y, x x, y y
  // and x y).
  struct Metric {
    std::string name, profile;
    std::vector<std::string> of;
    std::string how = {};
  };
  // What score returns. None in a family that is trained only, nor metrics.
  std::vector<std::string> statistics = {"correct", "total"};
  // The first is the one that tables show.
  std::vector<Metric> metrics = {{"accuracy", "accuracy", {"correct", "total"}}};
};

namespace manifest_parts {

inline void write_files(JsonWriter& json, const Description& task) {
  json.key("splits").open('{');
  for (const auto& [split, files] : task.splits) {
    json.key(split).open('{').key("files").open('{');
    std::vector<std::string> optional;
    for (const auto& [file, patterns] : files) {
      json.key(file).value(patterns);
      for (const auto& name : task.optional_files) {
        if (name == file) optional.push_back(file);
      }
    }
    json.close('}').key("optional").value(optional).close('}');
  }
  json.close('}');
}

inline void write_fields(JsonWriter& json, const FamilySpec& family) {
  json.key("fields").open('[');
  for (const auto& field : family.fields) {
    json.open('{').key("name").value(field.name).key("type").value(field.type);
    json.key("dims").value(field.dims).key("pad").literal(std::to_string(field.pad)).close('}');
  }
  json.close(']');
}

inline void write_number(JsonWriter& json, double number) { json.literal(number_text(number)); }

inline void write_option(JsonWriter& json, const FamilySpec::Option& option) {
  json.open('{').key("name").value(option.name).key("default");
  if (!option.choices.empty()) {
    json.value(option.word).key("choices").value(option.choices).close('}');
    return;
  }
  write_number(json, option.number);
  if (option.integer) json.key("integer").literal("true");
  const auto write_bound = [&](const char* name, const std::optional<double>& bound) {
    if (bound) write_number(json.key(name), *bound);
  };
  write_bound("above", option.above);
  write_bound("min", option.min);
  write_bound("max", option.max);
  json.close('}');
}

inline void write_head(JsonWriter& json, const Description& task, const FamilySpec& family) {
  json.key("loss_items").value(family.loss_items);
  json.key("head")
      .open('{')
      .key("family")
      .value(family.family)
      .key("labels")
      .value(task.labels)
      .key("labels_from_train")
      .literal(family.labels_from_train ? "true" : "false")
      .close('}');
  json.key("inputs").value(family.inputs).key("ops").value(family.ops);
  if (family.masked_share > 0) {
    write_number(json.key("masking").open('{').key("share"), family.masked_share);
    json.key("labels").value(family.loss_items).close('}');
  }
  if (family.batch_negatives) json.key("negatives").value("batch");
  if (!family.options.empty()) {
    json.key("options").open('[');
    for (const auto& option : family.options) write_option(json, option);
    json.close(']');
  }
  if (family.outputs.empty()) return;
  json.key("outputs").open('[');
  for (const auto& output : family.outputs) {
    json.open('{').key("name").value(output.name).key("dims").value(output.dims).close('}');
  }
  json.close(']');
}

inline void write_metrics(JsonWriter& json, const FamilySpec& family) {
  if (family.statistics.empty()) return;
  json.key("statistics").value(family.statistics).key("metrics").open('[');
  for (const auto& metric : family.metrics) {
    json.open('{').key("name").value(metric.name).key("profile").value(metric.profile);
    const char* const usual = metric.of.size() == 2 ? "ratio" : "f1";
    json.key(metric.how.empty() ? usual : metric.how).value(metric.of);
    json.key("primary").literal(&metric == &family.metrics.front() ? "true" : "false").close('}');
  }
  json.close(']');
}

}  // namespace manifest_parts

inline std::string manifest_json(const Description& task, const FamilySpec& family) {
  JsonWriter json;
  json.open('{')
      .key("name")
      .value(task.name)
      .key("kind")
      .value(family.kind)
      .key("licence")
      .value(task.licence);
  json.key("languages").value(task.languages).key("codes").open('{');
  for (const auto& [language, code] : task.codes) json.key(language).value(code);
  json.close('}');
  manifest_parts::write_files(json, task);
  if (!task.labels_file.empty()) {
    json.key("benchmark").open('{').key("labels").value(task.labels_file);
    json.key("predictions").value(family.predictions).close('}');
  }
  json.key("train_on").value(task.train_on);
  manifest_parts::write_fields(json, family);
  if (!family.family.empty()) manifest_parts::write_head(json, task, family);
  if (!family.search_side.empty()) {
    json.key("search")
        .open('{')
        .key("vector")
        .value(family.search_vector)
        .key("side")
        .value(family.search_side)
        .close('}');
  }
  manifest_parts::write_metrics(json, family);
  return json.close('}').text();
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
