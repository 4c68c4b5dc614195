#include "core/config/value.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <toml++/toml.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace sojourn::config {

namespace {

std::string place(const std::string& file, const toml::source_position& at) {
  return file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

// Turns the library's nodes into values. `source` is a file, or "--set KEY" where there are no
// lines.
class Converter {
 public:
  Converter(std::string source, bool from_command_line)
      : source_(std::move(source)), from_command_line_(from_command_line) {}

  Value convert(const toml::node& node) const {
    Value value;
    value.where = where(node.source());
    value.from_command_line = from_command_line_;
    if (!from_command_line_) value.directory = std::filesystem::path(source_).parent_path();
    if (const auto* table = node.as_table()) {
      value.data = convert_table(*table);
    } else if (const auto* array = node.as_array()) {
      Value::List list;
      for (const auto& item : *array) list.push_back(convert(item));
      value.data = std::move(list);
    } else if (const auto* text = node.as_string()) {
      value.data = text->get();
    } else if (const auto* integer = node.as_integer()) {
      value.data = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
      value.data = number->get();
    } else if (const auto* truth = node.as_boolean()) {
      value.data = truth->get();
    } else {
      value.data = Value::Moment{};
    }
    return value;
  }

 private:
  std::string where(const toml::source_region& region) const {
    return from_command_line_ ? source_ : place(source_, region.begin);
  }

  Value::Table convert_table(const toml::table& table) const {
    std::vector<std::pair<toml::source_position, Entry>> entries;  // the library sorts by name
    for (const auto& [key, node] : table) {
      const auto at = key.source();
      entries.emplace_back(at.begin, Entry{std::string(key.str()), where(at), convert(node)});
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    Value::Table result;
    for (auto& [at, entry] : entries) result.push_back(std::move(entry));
    return result;
  }

  std::string source_;
  bool from_command_line_;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Lets TOML itself take the key apart, so that quotes mean what they mean in a file.
std::optional<std::vector<std::string>> parse_key(const std::string& text) {
  try {
    const toml::table document = toml::parse(text + " = 0");
    std::vector<std::string> parts;
    for (const toml::table* table = &document; table != nullptr;) {
      if (table->size() != 1) return std::nullopt;
      const auto first = table->cbegin();
      parts.emplace_back(first->first.str());
      table = first->second.as_table();
    }
    return parts;
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

// Nothing where the text isn't a single TOML value.
std::optional<Value> parse_value(const std::string& text, const std::string& where) {
  try {
    const toml::table document = toml::parse("value = " + text);
    const auto* node = document.get("value");
    if (document.size() != 1 || node == nullptr) return std::nullopt;
    return Converter(where, true).convert(*node);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

}  // namespace

std::string Value::found() const {
  constexpr std::size_t kLongest = 60;
  if (const auto* text = std::get_if<std::string>(&data)) {
    return text->size() <= kLongest ? "a string ('" + *text + "')" : "a string";
  }
  constexpr const char* kNames[] = {"an integer",     "a float", "a boolean", "a string",
                                    "a date or time", "a list",  "a table"};
  return kNames[data.index()];
}

const Entry* find_entry(const Value::Table& table, std::string_view key) {
  const auto at = std::find_if(table.begin(), table.end(),
                               [&](const Entry& entry) { return entry.key == key; });
  return at == table.end() ? nullptr : &*at;
}

Entry* find_entry(Value::Table& table, std::string_view key) {
  return const_cast<Entry*>(find_entry(std::as_const(table), key));
}

Value parse_toml_file(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  try {
    return Converter(file.string(), false).convert(toml::parse(text, file.string()));
  } catch (const toml::parse_error& error) {
    throw input_error(place(file.string(), error.source().begin),
                      "not valid TOML: " + std::string(error.description()));
  }
}

Assignment parse_assignment(const std::string& text) {
  if (invalid_utf8_at(text)) throw input_error("--set " + text, "is not valid UTF-8");
  const auto equals = text.find('=');
  const auto key = equals == std::string::npos ? std::nullopt : parse_key(text.substr(0, equals));
  if (!key) {
    throw input_error("--set " + text,
                      "expected KEY=VALUE with a dotted key, as in recipes.default.batch_size=16");
  }
  const std::string where = "--set " + trimmed(text.substr(0, equals));
  const std::string value = text.substr(equals + 1);
  // A bare word or a path is a string, so that nobody has to quote it twice in a shell.
  return {*key, parse_value(value, where).value_or(Value{trimmed(value), where, true})};
}

}  // namespace sojourn::config
