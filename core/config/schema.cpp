// study_schema(): the tables of keys.h for editors.
#include <cmath>
#include <initializer_list>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "core/config/keys.h"
#include "core/config/rules.h"

namespace sojourn {

namespace {

using namespace config;  // the parts of this folder
using Json = nlohmann::ordered_json;

Json with_range(Json schema, const Range& range) {
  // Bounds are whole, and integers in a schema read better than 1.0.
  const auto bound = [](double number) { return std::llround(number); };
  if (range.min == range.max) return {{"const", bound(range.min)}};
  if (std::isfinite(range.min))
    schema[range.min_open ? "exclusiveMinimum" : "minimum"] = bound(range.min);
  if (std::isfinite(range.max))
    schema[range.max_open ? "exclusiveMaximum" : "maximum"] = bound(range.max);
  return schema;
}

Json integer(const Rule& rule) { return with_range({{"type", "integer"}}, rule.range); }
Json number(const Rule& rule) { return with_range({{"type", "number"}}, rule.range); }

Json text(const Rule& rule) {
  if (rule.words == Words::kAny) return {{"type", "string"}, {"minLength", 1}};
  if (rule.words == Words::kFolderName)
    return {{"type", "string"}, {"pattern", "^[A-Za-z0-9_-][A-Za-z0-9._-]*$"}};
  Json words = Json::array();
  for (const auto word : choices(rule.words)) words.push_back(word);
  return {{"enum", words}};
}

Json list_of(const Json& item) {
  return {{"type", "array"}, {"items", item}, {"minItems", 1}, {"uniqueItems", true}};
}

Json either(const Json& one, const Json& other) { return {{"anyOf", Json::array({one, other})}}; }

Json demanding(std::initializer_list<std::string_view> keys) {
  Json names = Json::array();
  for (const auto key : keys) names.push_back(key);
  return {{"required", names}};
}

Json by_name(const Json& value) {
  return {{"type", "object"}, {"minProperties", 1}, {"additionalProperties", value}};
}

// What is used where a table says nothing.
enum class Defaults : std::uint8_t { kStruct, kOther };

template <class T>
Json table(Keys<T> keys, const T& defaults, Defaults used, bool grids);

Json recipe(Defaults used) { return table(Keys<Recipe>(kRecipeKeys), Recipe(), used, true); }

template <class Item>
Json tables(const Rule& rule) {
  const Json item = table(keys_of(Item()), Item(), Defaults::kStruct, false);
  Json list = {{"type", "array"}, {"items", item}};
  if (!rule.may_be_empty) list["minItems"] = 1;
  return rule.or_one ? either(item, list) : list;
}

Json words_schema(const Rule& rule) {
  Json list = list_of(text(rule));
  if (rule.one_task) list["maxItems"] = 1;
  return rule.or_one ? either(text(rule), list) : list;
}

template <class V>
Json value_schema(const Rule& rule, const V& value, Defaults used, bool grids) {
  if constexpr (Table<V>) {
    return table(keys_of(value), value, used, grids);
  } else if constexpr (ListOfTables<V>) {
    return tables<typename V::value_type>(rule);
  } else if constexpr (NumberKey<V>) {
    const Json one = std::is_same_v<V, double> ? number(rule) : integer(rule);
    return grids ? either(one, list_of(one)) : one;
  } else if constexpr (std::is_same_v<V, std::optional<double>>) {
    return number(rule);
  } else if constexpr (std::is_same_v<V, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_same_v<V, std::string>) {
    return text(rule);
  } else if constexpr (std::is_same_v<V, std::vector<std::string>>) {
    return words_schema(rule);
  } else if constexpr (std::is_same_v<V, std::vector<std::uint64_t>>) {
    return list_of(integer(rule));
  } else if constexpr (std::is_same_v<V, std::vector<std::int64_t>>) {
    return either({{"const", kAllLayers}}, list_of(integer(rule)));
  } else if constexpr (std::is_same_v<V, TaskOptions>) {
    return {{"type", "object"}, {"additionalProperties", {{"type", {"number", "string"}}}}};
  } else if constexpr (std::is_same_v<V, ByName<double>>) {
    return by_name(number(rule));
  } else if constexpr (std::is_same_v<V, ByName<std::string>>) {
    return by_name(text(rule));
  } else if constexpr (std::is_same_v<V, Stages>) {
    return {{"type", "array"}, {"items", words_schema(rule)}, {"minItems", 1}};
  } else {
    static_assert(std::is_same_v<V, RecipesByTask> || std::is_same_v<V, PartialRecipe>);
    return recipe(Defaults::kOther);
  }
}

// The value of a key that isn't there, if it can be written.
template <class V>
void add_default(const V& value, const Rule& rule, Json& schema) {
  if constexpr (std::is_same_v<V, std::int64_t> || std::is_same_v<V, bool>) {
    schema["default"] = value;
  } else if constexpr (std::is_same_v<V, double>) {
    if (in_range(value, rule.range)) schema["default"] = value;
  } else if constexpr (std::is_same_v<V, std::string> ||
                       std::is_same_v<V, std::vector<std::string>> ||
                       std::is_same_v<V, std::vector<std::uint64_t>>) {
    if (!value.empty()) schema["default"] = value;
  } else if constexpr (std::is_same_v<V, std::vector<std::int64_t>>) {
    schema["default"] = kAllLayers;
  }
}

template <class T>
Json key_schema(const Key<T>& key, const T& defaults, Defaults used, bool grids) {
  const auto visitor = [&](const auto& member) -> Json {
    using M = std::decay_t<decltype(member)>;
    if constexpr (std::is_same_v<M, Keys<T>>) {
      return table(member, defaults, used, grids);
    } else if constexpr (std::is_same_v<M, PathMember<T>> || std::is_same_v<M, Extends>) {
      return text(key.rule);
    } else if constexpr (std::is_same_v<M, OneStage<T>>) {
      return words_schema(key.rule);
    } else {
      const auto& value = defaults.*member;
      // The defaults of other recipes are what [recipes.default] says.
      constexpr bool kDefaultRecipe = std::is_same_v<M, PartialRecipe Study::*>;
      Json schema =
          kDefaultRecipe ? recipe(Defaults::kStruct) : value_schema(key.rule, value, used, grids);
      if (used == Defaults::kStruct && !key.rule.required) add_default(value, key.rule, schema);
      return schema;
    }
  };
  Json schema = {{"description", key.meaning}};
  schema.update(std::visit(visitor, key.member));
  return schema;
}

template <class T>
Json table(Keys<T> keys, const T& defaults, Defaults used, bool grids) {
  Json properties = Json::object();
  Json schema = {{"type", "object"}, {"additionalProperties", false}};
  for (const Key<T>& key : keys) {
    const Json one = key_schema(key, defaults, used, grids);
    if (key.name.empty()) {
      schema["additionalProperties"] = one;
    } else {
      properties[std::string(key.name)] = one;
    }
    if (!key.rule.rival.empty()) {
      schema["allOf"].push_back({{"not", demanding({key.rule.rival, key.name})}});
    }
  }
  schema["properties"] = properties;
  return schema;
}

// The keys that a whole study must have, one that extends another need not.
template <class T>
Json requirements(Keys<T> keys) {
  Json schema = Json::object();
  for (const Key<T>& key : keys) {
    if (key.rule.required && !key.rule.rival.empty()) {
      for (const auto& name : {key.rule.rival, key.name})
        schema["anyOf"].push_back(demanding({name}));
    } else if (key.rule.required) {
      schema["required"].push_back(key.name);
    }
    const auto visitor = [](const auto& member) -> Json {
      using M = std::decay_t<decltype(member)>;
      if constexpr (std::is_same_v<M, Keys<T>>) {
        return requirements(member);
      } else if constexpr (std::is_same_v<M, std::vector<Intermediate> T::*>) {
        return {{"items", requirements(Keys<Intermediate>(kIntermediateKeys))}};
      } else if constexpr (std::is_same_v<M, std::vector<Target> T::*>) {
        return {{"items", requirements(Keys<Target>(kTargetKeys))}};
      } else if constexpr (std::is_same_v<M, std::vector<Hypothesis> T::*>) {
        return {{"items", requirements(Keys<Hypothesis>(kHypothesisKeys))}};
      } else {
        return Json::object();
      }
    };
    const Json within = std::visit(visitor, key.member);
    if (!within.empty()) schema["properties"][std::string(key.name)] = within;
  }
  return schema;
}

}  // namespace

std::string study_schema() {
  const Keys<Study> keys = kStudyKeys;
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Sojourn study"}};
  schema.update(table(keys, Study(), Defaults::kStruct, false));
  schema["if"] = {{"not", demanding({"extends"})}};
  schema["then"] = requirements(keys);
  return schema.dump(2) + "\n";
}

}  // namespace sojourn
