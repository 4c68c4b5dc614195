#include "core/config/override.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/rules.h"

namespace sojourn::config {

namespace {

const std::string* text_of(const Value& table, std::string_view key) {
  const auto* entries = table.table();
  const Entry* entry = entries == nullptr ? nullptr : find_entry(*entries, key);
  return entry == nullptr ? nullptr : std::get_if<std::string>(&entry->value.data);
}

std::optional<std::size_t> as_number(const std::string& text) {
  std::size_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  return failure == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

// Items of `list` whose `key` is `text`.
std::vector<Value*> items_where(Value::List& list, std::string_view key, const std::string& text) {
  std::vector<Value*> found;
  for (Value& item : list) {
    const auto* own = text_of(item, key);
    if (own != nullptr && *own == text) found.push_back(&item);
  }
  return found;
}

// The table that `part` means: by name, else by task, else by its number from 0.
Value& item_of(Value::List& list, const std::string& list_name, const std::string& part,
               const std::string& where) {
  const std::string title = "[[" + list_name + "]]";
  for (const char* key : {"name", "task"}) {
    const auto found = items_where(list, key, part);
    if (found.size() > 1) {
      std::string what = std::to_string(found.size()) + " " + title + " tables have the ";
      what.append(key).append(" '").append(part).append("'; say which by its number from 0");
      throw input_error(where, what);
    }
    if (!found.empty()) return *found.front();
  }
  const auto number = as_number(part);
  if (number && *number < list.size()) return list[*number];
  if (number) {
    throw input_error(where, "there is no " + title + " number " + part + "; the study has " +
                                 std::to_string(list.size()) + ", counted from 0");
  }
  std::vector<std::string> names;
  for (const Value& item : list) {
    const auto* name = text_of(item, "name");
    if (name == nullptr) name = text_of(item, "task");
    if (name != nullptr) names.push_back(*name);
  }
  throw input_error(where, "no " + title + " is called '" + part + "'" + did_you_mean(part, names));
}

// Of two keys that exclude each other, setting one lifts what the file said with the other.
void drop_rival(Value::Table& table, const std::string& key) {
  const auto rival = rival_of(key);
  if (rival.empty()) return;
  std::erase_if(table, [&](const Entry& entry) {
    return entry.key == rival && !entry.value.from_command_line;
  });
}

void assign(Value::Table& table, const std::string& key, Value value) {
  drop_rival(table, key);
  const std::string where = value.where;
  if (Entry* entry = find_entry(table, key)) {
    *entry = {key, where, std::move(value)};
  } else {
    table.push_back({key, where, std::move(value)});
  }
}

// The value under `key`, made as an empty table where there is none.
Value& child_of(Value::Table& table, const std::string& key, const std::string& where) {
  if (Entry* entry = find_entry(table, key)) return entry->value;
  table.push_back({key, where, Value{Value::Table{}, where, true}});
  return table.back().value;
}

}  // namespace

void apply_override(const std::string& text, Value& document) {
  auto [key, value] = parse_assignment(text);
  const std::string where = value.where;
  Value* at = &document;
  for (std::size_t i = 0; i + 1 < key.size(); ++i) {
    Value& child = child_of(*at->table(), key[i], where);
    const bool list_of_tables = child.list() != nullptr && i + 2 < key.size();
    at = list_of_tables ? &item_of(*child.list(), key[i], key[i + 1], where) : &child;
    i += list_of_tables ? 1 : 0;
    if (at->table() == nullptr) {
      throw input_error(where, "'" + key[i] + "' is no table, but " + at->found());
    }
  }
  assign(*at->table(), key.back(), std::move(value));
}

}  // namespace sojourn::config
