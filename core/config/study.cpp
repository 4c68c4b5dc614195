#include "core/config/study.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/keys.h"
#include "core/config/override.h"
#include "core/config/path.h"
#include "core/config/rules.h"
#include "core/config/value.h"

namespace sojourn {

namespace {

using namespace config;  // the parts of this folder

// A table's name in messages: "recipes.default", and "target" for the items of [[target]].
struct TableName {
  std::string path;
  bool repeated = false;

  std::string title() const { return repeated ? "[[" + path + "]]" : "[" + path + "]"; }
  std::string in() const { return path.empty() ? " at the top level" : " in " + title(); }
  std::string child(std::string_view key) const {
    return (path.empty() ? "" : path + ".") + std::string(key);
  }
};

template <class T>
void check_known(const Value::Table& table, const TableName& name, Keys<T> keys) {
  std::vector<std::string> known;
  for (const auto& key : keys) known.emplace_back(key.name);
  for (const Entry& entry : table) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    std::string hint = did_you_mean(entry.key, known);
    if (hint.empty()) hint = "; expected one of: " + join(known, ", ");
    throw input_error(entry.where, "unknown key '" + entry.key + "'" + name.in() + hint);
  }
}

template <class T>
std::string missing(const Key<T>& key, const TableName& name) {
  if (std::holds_alternative<Keys<T>>(key.member)) {
    return "the table [" + name.child(key.name) + "] is missing";
  }
  if (std::holds_alternative<std::vector<Target> T::*>(key.member)) {
    return "a study needs at least one [[" + name.child(key.name) + "]] table";
  }
  return "the key '" + std::string(key.name) + "' is missing" + name.in();
}

// Fills structs from tables, by the tables in keys.h.
class Reader {
 public:
  explicit Reader(std::filesystem::path directory) : directory_(std::move(directory)) {}

  template <class T>
  void read_table(const Value& value, const TableName& name, Keys<T> keys, T& into) const {
    if (value.table() == nullptr) {
      throw input_error(value.where,
                        "expected a table " + name.title() + ", found " + value.found());
    }
    check_known(*value.table(), name, keys);
    for (const Key<T>& key : keys) {
      const Entry* entry = find_entry(*value.table(), key.name);
      if (entry == nullptr && key.rule.required) {
        throw input_error(value.where, missing(key, name));
      }
      if (entry == nullptr) continue;
      if constexpr (requires { into.key_where; }) {
        into.key_where[name.repeated ? entry->key : name.child(key.name)] = entry->value.where;
      }
      read_key(entry->value, name, key, into);
    }
  }

 private:
  template <class T>
  void read_key(const Value& value, const TableName& name, const Key<T>& key, T& into) const {
    const Spot spot{"'" + std::string(key.name) + "'" + name.in(), key.rule};
    const TableName child{name.child(key.name)};
    const auto visitor = [&](const auto& member) {
      using M = std::decay_t<decltype(member)>;
      if constexpr (std::is_same_v<M, Keys<T>>) {
        read_table(value, child, member, into);
      } else if constexpr (std::is_same_v<M, PathMember<T>>) {
        into.*member.written = read_text(value, spot);
        into.*member.resolved = resolve_path(
            into.*member.written, value.from_command_line ? "" : directory_, value.where);
      } else if constexpr (std::is_same_v<M, Recipe T::*>) {
        read_recipe(value, child, into.*member);
      } else if constexpr (std::is_same_v<M, Limit T::*>) {
        read_table(value, child, Keys<Limit>(kLimitKeys), into.*member);
      } else if constexpr (std::is_same_v<M, std::vector<Intermediate> T::*>) {
        read_tables(value, child, spot, Keys<Intermediate>(kIntermediateKeys), into, into.*member);
      } else if constexpr (std::is_same_v<M, std::vector<Target> T::*>) {
        read_tables(value, child, spot, Keys<Target>(kTargetKeys), into, into.*member);
      } else {
        read_value(value, spot, into.*member);
      }
    };
    std::visit(visitor, key.member);
  }

  // `into` holds the recipe that this one goes over.
  void read_recipe(const Value& value, const TableName& name, Recipe& into) const {
    read_table(value, name, Keys<Recipe>(kRecipeKeys), into);
    const Entry* epochs = find_entry(*value.table(), "epochs");
    const Entry* steps = find_entry(*value.table(), "steps");
    if (epochs != nullptr && steps != nullptr) {
      throw input_error(steps->where, "'steps' and 'epochs'" + name.in() +
                                          " exclude each other; expected one of them");
    }
    if (steps != nullptr) into.epochs = 0;
    if (epochs != nullptr) into.steps.reset();
  }

  // The stages of a study, each starting from its default recipe.
  template <class Owner, class Item>
  void read_tables(const Value& value, const TableName& name, const Spot& spot, Keys<Item> keys,
                   const Owner& owner, std::vector<Item>& into) const {
    const auto* list = value.list();
    const std::string title = "[[" + name.path + "]]";
    if (list == nullptr) {
      throw input_error(value.where, "expected " + title + " tables, found " + value.found());
    }
    if (list->empty() && !spot.rule.may_be_empty) {
      throw input_error(value.where, "a study needs at least one " + title + " table");
    }
    for (const Value& entry : *list) {
      Item item;
      if constexpr (std::is_same_v<Owner, Study>) item.recipe = owner.default_recipe;
      item.where = entry.where;
      read_table(entry, TableName{name.path, true}, keys, item);
      into.push_back(std::move(item));
    }
  }

  std::filesystem::path directory_;
};

template <class Item>
void check_names(const std::vector<Item>& items, const std::string& title) {
  KeyPlaces places;
  for (const Item& item : items) {
    const std::string& where = item.where_of("name");
    const auto [former, is_new] = places.emplace(item.name, where);
    if (!is_new) {
      throw input_error(where, "the name '" + item.name + "' of " + title +
                                   " is taken already, at " + former->second +
                                   "; expected another 'name'");
    }
  }
}

void check_layers(const Target& target) {
  if (target.layer && !target.layers.empty()) {
    throw input_error(
        target.where_of("layers"),
        "'layer' and 'layers' in [[target]] exclude each other; expected one of them");
  }
  if (!target.choose_on.empty() && target.layers.empty()) {
    throw input_error(target.where_of("choose_on"),
                      "'choose_on' in [[target]] says which language decides a sweep; expected "
                      "layers = \"all\" beside it");
  }
}

// What concerns more than one key.
void check_study(const Study& study) {
  for (const auto& target : study.targets) check_layers(target);
  for (const auto& intermediate : study.intermediates) {
    if (intermediate.name == kNoIntermediate) {
      throw input_error(intermediate.where_of("name"),
                        "an [[intermediate]] can't be called 'none': that is the arm without one");
    }
  }
  check_names(study.intermediates, "[[intermediate]]");
  check_names(study.targets, "[[target]]");
  const auto arms = study.arms();
  if (std::find(arms.begin(), arms.end(), study.baseline) == arms.end()) {
    throw input_error(study.where_of("report.baseline"),
                      "'baseline' in [report] is '" + study.baseline +
                          "'; expected 'none' or the name of an [[intermediate]]" +
                          did_you_mean(study.baseline, arms));
  }
}

const std::string& place_of(const KeyPlaces& places, std::string_view key,
                            const std::string& table) {
  const auto own = places.find(key);
  return own == places.end() ? table : own->second;
}

}  // namespace

const std::string& Intermediate::where_of(std::string_view key) const {
  return place_of(key_where, key, where);
}
const std::string& Target::where_of(std::string_view key) const {
  return place_of(key_where, key, where);
}
const std::string& Study::where_of(std::string_view key) const {
  return place_of(key_where, key, where);
}

std::vector<std::string> Study::arms() const {
  std::vector<std::string> names{kNoIntermediate};
  for (const auto& intermediate : intermediates) names.push_back(intermediate.name);
  return names;
}

Study load_study(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  Value document = parse_toml_file(file);
  for (const auto& text : overrides) apply_override(text, document);

  Study study;
  study.where = document.where;
  // Before all others: the keys of another schema would look unknown.
  if (const Entry* schema = find_entry(*document.table(), "schema")) {
    read_value(schema->value, {"'schema' at the top level", kStudyKeys.front().rule}, study.schema);
  }
  Reader(file.parent_path()).read_table(document, {}, Keys<Study>(kStudyKeys), study);
  for (auto& target : study.targets) {
    if (target.name.empty()) target.name = target.task;
  }
  check_study(study);
  return study;
}

}  // namespace sojourn
