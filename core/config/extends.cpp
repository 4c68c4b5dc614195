#include "core/config/extends.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/path.h"
#include "core/config/rules.h"

namespace sojourn::config {

namespace {

// What an item of a list of tables is called: by its name, else by its task.
std::string name_of(const Value& item) {
  if (item.table() == nullptr) return "";
  for (const char* key : {"name", "task"}) {
    const Entry* entry = find_entry(*item.table(), key);
    const auto* text = entry == nullptr ? nullptr : std::get_if<std::string>(&entry->value.data);
    if (text != nullptr) return *text;
  }
  return "";
}

void merge(Value& base, Value over);

// An item of `base` takes one of `over`: a second one of that name stays a name used twice.
void merge_items(Value::List& base, Value::List over) {
  std::vector<std::string> names;
  for (const Value& item : base) names.push_back(name_of(item));
  for (Value& item : over) {
    const std::string name = name_of(item);
    const auto found = std::find(names.begin(), names.end(), name);
    if (name.empty() || found == names.end()) {
      base.push_back(std::move(item));
    } else {
      merge(base[static_cast<std::size_t>(found - names.begin())], std::move(item));
      found->clear();
    }
  }
}

void merge_entry(Value::Table& base, Entry over) {
  Entry* entry = find_entry(base, over.key);
  if (entry == nullptr) {
    base.push_back(std::move(over));
    return;
  }
  const bool named = over.key == "intermediate" || over.key == "target" || over.key == "hypothesis";
  entry->where = over.where;
  if (named && entry->value.list() != nullptr && over.value.list() != nullptr) {
    merge_items(*entry->value.list(), std::move(*over.value.list()));
    entry->value.where = over.value.where;
  } else {
    merge(entry->value, std::move(over.value));
  }
}

void merge(Value& base, Value over) {
  if (base.table() == nullptr || over.table() == nullptr) {
    base = std::move(over);
    return;
  }
  for (const Entry& entry : *over.table()) {
    const auto rival = rival_of(entry.key);
    if (rival.empty()) continue;
    std::erase_if(*base.table(), [&](const Entry& old) { return old.key == rival; });
  }
  for (Entry& entry : *over.table()) merge_entry(*base.table(), std::move(entry));
  base.where = over.where;
}

// `open` are the files that led here, the first one outermost.
Value read_over_bases(const std::filesystem::path& file, std::vector<std::filesystem::path> open) {
  Value document = parse_toml_file(file);
  Entry* extends = find_entry(*document.table(), "extends");
  if (extends == nullptr) return document;

  const Value named = std::move(extends->value);
  std::erase_if(*document.table(), [](const Entry& entry) { return entry.key == "extends"; });
  const std::string written = read_text(named, {"'extends' at the top level", {}});
  const auto base = resolve_path(written, file.parent_path(), named.where);
  if (!std::filesystem::is_regular_file(base)) {
    throw input_error(named.where,
                      "'extends' at the top level names " + base.string() + ": no such file");
  }
  open.push_back(file);
  std::vector<std::string> names;
  for (const auto& at : open) names.push_back(at.string());
  names.push_back(base.string());
  const auto is_base = [&](const auto& at) { return std::filesystem::equivalent(at, base); };
  if (std::any_of(open.begin(), open.end(), is_base)) {
    throw input_error(named.where, "files extend each other in a circle: " + join(names, " -> ") +
                                       "; expected a file that doesn't lead back");
  }
  Value merged = read_over_bases(base, std::move(open));
  merge(merged, std::move(document));
  return merged;
}

}  // namespace

Value read_extended(const std::filesystem::path& file) { return read_over_bases(file, {}); }

}  // namespace sojourn::config
