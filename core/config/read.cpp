#include "core/config/read.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/keys.h"
#include "core/config/path.h"
#include "core/config/rules.h"

namespace sojourn::config {

namespace {

// A table that is read: what messages call it, and what remembers its keys.
struct Here {
  std::string path = {};  // "recipes.default", and "target" for the items of [[target]]
  bool repeated = false;
  KeyPlaces* places = nullptr;
  std::string prefix = {};          // of its keys in `places`
  PartialRecipe* recipe = nullptr;  // that it is a part of
  std::string within = {};          // where in the recipe: "evaluate."

  std::string title() const { return repeated ? "[[" + path + "]]" : "[" + path + "]"; }
  std::string in() const { return path.empty() ? " at the top level" : " in " + title(); }
  std::string child_path(std::string_view key) const {
    return (path.empty() ? "" : path + ".") + std::string(key);
  }
  Here child(std::string_view key) const {
    const std::string dotted = std::string(key) + ".";
    return {child_path(key), false, places, prefix + dotted, recipe, within + dotted};
  }
};

template <class T>
bool is_named(const std::string& key, Keys<T> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const Key<T>& one) { return one.name == key; });
}

template <class T>
void check_known(const Value::Table& table, const Here& here, Keys<T> keys) {
  std::vector<std::string> known;
  for (const auto& key : keys) known.emplace_back(key.name);
  if (is_named("", keys)) return;  // any key is
  for (const Entry& entry : table) {
    if (is_named(entry.key, keys)) continue;
    std::string hint = did_you_mean(entry.key, known);
    if (hint.empty()) hint = "; expected one of: " + join(known, ", ");
    throw input_error(entry.where, "unknown key '" + entry.key + "'" + here.in() + hint);
  }
}

template <class T>
std::string missing(const Key<T>& key, const Here& here) {
  if (std::holds_alternative<Keys<T>>(key.member)) {
    return "the table [" + here.child_path(key.name) + "] is missing";
  }
  if (std::holds_alternative<std::vector<Target> T::*>(key.member)) {
    return "a study needs at least one [[" + here.child_path(key.name) + "]] table";
  }
  std::string name = "'" + std::string(key.name) + "'";
  if (!key.rule.rival.empty()) name = "'" + std::string(key.rule.rival) + "' or " + name;
  return "the key " + name + " is missing" + here.in();
}

template <class T>
void check_presence(const Value& value, const Here& here, const Key<T>& key) {
  const Entry* entry = find_entry(*value.table(), key.name);
  const auto& rival = key.rule.rival;
  const bool has_rival = !rival.empty() && find_entry(*value.table(), rival) != nullptr;
  if (key.rule.required && entry == nullptr && !has_rival) {
    throw input_error(value.where, missing(key, here));
  }
  if (entry == nullptr || !has_rival) return;
  throw input_error(entry->where, "'" + std::string(rival) + "' and '" + std::string(key.name) +
                                      "'" + here.in() +
                                      " exclude each other; expected one of them");
}

class Reader {
 public:
  explicit Reader(std::filesystem::path directory) : directory_(std::move(directory)) {}

  template <class T>
  void read_table(const Value& value, const Here& here, Keys<T> keys, T& into) const {
    if (value.table() == nullptr) {
      throw input_error(value.where,
                        "expected a table " + here.title() + ", found " + value.found());
    }
    check_known(*value.table(), here, keys);
    for (const Key<T>& key : keys) check_presence(value, here, key);
    for (const Key<T>& key : keys) {
      for (const Entry& entry : *value.table()) {
        const bool fits = key.name.empty() ? !is_named(entry.key, keys) : key.name == entry.key;
        if (!fits) continue;
        (*here.places)[here.prefix + entry.key] = entry.value.where;
        read_key(entry, here, key, into);
      }
    }
  }

 private:
  template <class T>
  void read_key(const Entry& entry, const Here& here, const Key<T>& key, T& into) const {
    const Spot spot{"'" + entry.key + "'" + here.in(), key.rule};
    const auto visitor = [&](const auto& member) {
      using M = std::decay_t<decltype(member)>;
      if constexpr (std::is_same_v<M, Keys<T>>) {
        read_table(entry.value, here.child(entry.key), member, into);
      } else if constexpr (std::is_same_v<M, PathMember<T>>) {
        read_path(entry.value, spot, into.*member.written, into.*member.resolved);
      } else if constexpr (std::is_same_v<M, OneStage<T>>) {
        read_value(entry.value, spot, (into.*member.stages).emplace_back());
      } else if constexpr (!std::is_same_v<M, Extends>) {
        read_member(entry, here, spot, into.*member);
      }
    };
    std::visit(visitor, key.member);
  }

  template <class V>
  void read_member(const Entry& entry, const Here& here, const Spot& spot, V& into) const {
    const Value& value = entry.value;
    const Here child = here.child(entry.key);
    if constexpr (Table<V>) {
      read_table(value, child, keys_of(into), into);
    } else if constexpr (ListOfTables<V>) {
      read_tables(value, child, spot, into);
    } else if constexpr (NamedValues<V>) {
      read_named(value, child, spot.rule, into);
    } else if constexpr (std::is_same_v<V, TaskOptions>) {
      read_options(value, child, spot.rule, into);
    } else if constexpr (std::is_same_v<V, PartialRecipe>) {
      read_recipe(value, child, into);
    } else if constexpr (std::is_same_v<V, RecipesByTask>) {
      read_recipe(value, child, into[entry.key]);
    } else if constexpr (std::is_same_v<V, Stages>) {
      for (const Value& stage : as_list(value, spot, "a list of lists of tasks"))
        read_value(stage, spot, into.emplace_back());
    } else if (here.recipe != nullptr) {
      read_recipe_value(value, spot, here.within + entry.key, *here.recipe, into);
    } else {
      read_value(value, spot, into);
    }
  }

  void read_recipe(const Value& value, Here here, PartialRecipe& into) const {
    here.recipe = &into;
    here.within.clear();
    read_table(value, here, Keys<Recipe>(kRecipeKeys), into.values);
  }

  template <class V>
  static void read_recipe_value(const Value& value, const Spot& spot, const std::string& name,
                                PartialRecipe& recipe, V& into) {
    if constexpr (NumberKey<V>) {
      using Number = std::conditional_t<std::is_same_v<V, double>, double, std::int64_t>;
      if (value.list() != nullptr) {
        recipe.grid[name] = read_grid<Number>(value, spot);
        return;
      }
    }
    read_value(value, spot, into);
    recipe.given.insert(name);
  }

  static void read_options(const Value& value, const Here& here, const Rule& rule,
                           TaskOptions& into) {
    if (value.table() == nullptr)
      throw input_error(value.where,
                        "expected a table " + here.title() + " of options, found " + value.found());
    for (const Entry& entry : *value.table()) {
      (*here.places)[here.prefix + entry.key] = entry.value.where;
      read_value(entry.value, {"'" + entry.key + "'" + here.in(), rule}, into[entry.key]);
      here.recipe->given.insert(here.within + entry.key);
    }
  }

  // A path in a base file is written as if it stood in the file that extends it.
  void read_path(const Value& value, const Spot& spot, std::string& written,
                 std::filesystem::path& resolved) const {
    written = read_text(value, spot);
    resolved = resolve_path(written, value.directory, value.where);
    if (value.from_command_line || value.directory == directory_) return;
    if (resolve_path(written, "", value.where).is_absolute()) return;
    const auto there = value.directory.lexically_relative(directory_);
    written = ((there.empty() ? std::filesystem::absolute(value.directory) : there) / written)
                  .lexically_normal()
                  .string();
  }

  template <class Item>
  void read_tables(const Value& value, const Here& here, const Spot& spot,
                   std::vector<Item>& into) const {
    const auto* list = value.list();
    const std::string title = "[[" + here.path + "]]";
    const bool one = spot.rule.or_one && value.table() != nullptr;
    if (list == nullptr && !one) {
      throw input_error(value.where, "expected " + title + " tables, found " + value.found());
    }
    if (list != nullptr && list->empty() && !spot.rule.may_be_empty) {
      throw input_error(value.where, "expected at least one " + title + " table");
    }
    for (std::size_t i = 0; i < (one ? 1 : list->size()); ++i) {
      Item item;
      const Value& table = one ? value : (*list)[i];
      Here at{here.path, true, here.places, here.prefix + std::to_string(i) + "."};
      if constexpr (requires { item.key_where; }) {
        item.where = table.where;
        at.places = &item.key_where;
        at.prefix.clear();
      }
      read_table(table, at, keys_of(item), item);
      into.push_back(std::move(item));
    }
  }

  template <class V>
  static void read_named(const Value& value, const Here& here, const Rule& rule, ByName<V>& into) {
    if (value.table() == nullptr || value.table()->empty()) {
      throw input_error(value.where, "expected a table " + here.title() + " of tasks, found " +
                                         (value.table() ? "an empty one" : value.found()));
    }
    for (const Entry& entry : *value.table()) {
      (*here.places)[here.prefix + entry.key] = entry.value.where;
      read_value(entry.value, {"'" + entry.key + "'" + here.in(), rule}, into[entry.key]);
    }
  }

  std::filesystem::path directory_;
};

}  // namespace

Study read_study(const Value& document, const std::filesystem::path& directory) {
  Study study;
  study.where = document.where;
  // Before all others: the keys of another schema would look unknown.
  if (const Entry* schema = find_entry(*document.table(), "schema")) {
    read_value(schema->value, {"'schema' at the top level", kStudyKeys.front().rule}, study.schema);
  }
  Here top;
  top.places = &study.key_where;
  Reader(directory).read_table(document, top, Keys<Study>(kStudyKeys), study);
  return study;
}

}  // namespace sojourn::config
