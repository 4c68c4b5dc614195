// resolved_toml(): the tables of keys.h, the other way round.
#include <algorithm>
#include <array>
#include <cstdio>
#include <type_traits>
#include <utility>

#include "core/config/keys.h"
#include "core/config/number.h"
#include "core/config/rules.h"

namespace sojourn {

namespace {

using namespace config;  // the parts of this folder

std::string toml_text(std::int64_t number) { return std::to_string(number); }
std::string toml_text(std::uint64_t number) { return std::to_string(number); }

std::string toml_text(double number) {
  std::string text = number_text(number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string toml_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04X", static_cast<unsigned>(c));
      quoted += escape.data();
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

template <class... V>
std::string toml_text(const std::variant<V...>& value) {
  return std::visit([](const auto& one) { return toml_text(one); }, value);
}

template <class T>
std::string toml_text(const std::vector<T>& items) {
  std::string text;
  for (const T& item : items) text += (text.empty() ? "" : ", ") + toml_text(item);
  return "[" + text + "]";
}

// What a key says, or "" where it says nothing: an absent optional, an empty string or list, false,
// and a number outside its range, as `epochs` is where `steps` is given.
template <class T, class V>
std::string value_text(const Key<T>& key, const V& value) {
  if constexpr (requires { value.has_value(); }) {
    return value ? toml_text(*value) : "";
  } else if constexpr (std::is_same_v<V, bool>) {
    return value ? "true" : "";
  } else if constexpr (std::is_same_v<V, std::string> ||
                       std::is_same_v<V, std::vector<std::string>>) {
    return value.empty() ? "" : toml_text(value);
  } else if constexpr (std::is_same_v<V, double>) {
    return in_range(value, key.rule.range) ? toml_text(value) : "";
  } else {
    return toml_text(value);
  }
}

// What a recipe holds beside tables.
template <class V>
concept RecipeValue =
    NumberKey<V> || std::is_same_v<V, bool> || std::is_same_v<V, std::string> ||
    std::is_same_v<V, std::vector<std::string>> || std::is_same_v<V, std::vector<std::int64_t>>;

// A recipe goes over others, so that false and all layers say something.
template <class T, class V>
std::string recipe_text(const Key<T>& key, const V& value) {
  if constexpr (std::is_same_v<V, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<V, std::vector<std::int64_t>>) {
    return value.empty() ? toml_text(std::string(kAllLayers)) : toml_text(value);
  } else {
    return value_text(key, value);
  }
}

// A bare key, or one in quotes.
std::string key_text(const std::string& name) {
  const auto bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), bare) ? name : toml_text(name);
}

std::string below(const std::string& path, std::string_view key) {
  return (path.empty() ? "" : path + ".") + key_text(std::string(key));
}

class Writer {
 public:
  std::string text(const Study& study) {
    write_table("", Keys<Study>(kStudyKeys), study);
    return std::move(text_);
  }

 private:
  // Leaves out the values that `base`, if any, has too.
  template <class T>
  void write_table(const std::string& path, Keys<T> keys, const T& from, const T* base = nullptr) {
    for (const Key<T>& key : keys) {
      std::visit([&](const auto& member) { write_key(path, key, member, from, base); }, key.member);
    }
  }

  template <class T, class M>
  void write_key(const std::string& path, const Key<T>& key, const M& member, const T& from,
                 const T* base) {
    if constexpr (std::is_same_v<M, Keys<T>>) {
      // [recipes] holds tables only, and needs no line.
      const bool only_tables = std::holds_alternative<PartialRecipe T::*>(member.front().member);
      if (!only_tables) header(below(path, key.name));
      write_table(below(path, key.name), member, from);
    } else if constexpr (std::is_same_v<M, PathMember<T>>) {
      const std::string& written = from.*member.written;
      write_line(key.name, written.empty() ? "" : toml_text(written));
    } else if constexpr (std::is_same_v<M, OneStage<T>>) {
      const Stages& stages = from.*member.stages;
      if (stages.size() == 1) write_line(key.name, toml_text(stages.front()));
    } else if constexpr (!std::is_same_v<M, Extends>) {
      using V = std::decay_t<decltype(from.*member)>;
      if constexpr (NumberKey<V> || NamedValues<V> || std::is_same_v<V, std::string>) {
        if (base != nullptr && from.*member == base->*member) return;
      }
      write_member(path, key, from, from.*member);
    }
  }

  template <class T, class V>
  void write_member(const std::string& path, const Key<T>& key, const T& owner, const V& value) {
    const std::string child = below(path, key.name);
    if constexpr (std::is_same_v<V, PartialRecipe>) {
      write_recipe(child, value, std::is_same_v<T, Study>);
    } else if constexpr (std::is_same_v<V, RecipesByTask>) {
      for (const auto& [task, recipe] : value) write_recipe(below(path, task), recipe, false);
    } else if constexpr (std::is_same_v<V, TaskOptions>) {
      static_assert(!std::is_same_v<T, Recipe>);  // part of a recipe, written with it
    } else if constexpr (std::is_same_v<V, Sampling>) {
      V base;
      if constexpr (requires { owner.joint; }) {
        if (owner.joint) base.by = "all";
      }
      write_difference(child, value, base);
    } else if constexpr (Table<V>) {
      write_difference(child, value, V());
    } else if constexpr (ListOfTables<V>) {
      for (const auto& item : value) {
        header("[" + child + "]");
        write_table(child, keys_of(item), item);
      }
    } else if constexpr (NamedValues<V>) {
      if (!value.empty()) header(child);
      for (const auto& [name, one] : value) write_line(key_text(name), toml_text(one));
    } else if constexpr (std::is_same_v<V, Stages>) {
      if (value.size() > 1) write_line(key.name, toml_text(value));
    } else {
      write_line(key.name, value_text(key, value));
    }
  }

  template <class V>
  void write_difference(const std::string& path, const V& value, const V& base) {
    if (value == base) return;
    header(path);
    write_table(path, keys_of(value), value, &base);
  }

  // Of a whole recipe all keys, else those that its table gave.
  void write_recipe(const std::string& path, const PartialRecipe& recipe, bool whole) {
    if (!whole && recipe.given.empty() && recipe.grid.empty()) return;
    header(path);
    Recipe values = recipe.over({});
    if (recipe.grid.contains("steps")) values.epochs = 0;
    write_recipe_keys("", Keys<Recipe>(kRecipeKeys), values, recipe, whole);
  }

  template <class T>
  void write_recipe_keys(const std::string& prefix, Keys<T> keys, const T& values,
                         const PartialRecipe& recipe, bool whole) {
    for (const Key<T>& key : keys) {
      const std::string name = prefix + std::string(key.name);
      const auto visitor = [&](const auto& member) {
        if constexpr (requires { values.*member; }) {
          using V = std::decay_t<decltype(values.*member)>;
          if constexpr (Table<V>) {
            const bool said = whole && !(values.*member == V());
            write_recipe_keys(name + ".", keys_of(V()), values.*member, recipe, said);
          } else if constexpr (std::is_same_v<V, TaskOptions>) {
            for (const auto& [option, value] : values.*member)
              write_line(name + "." + key_text(option), toml_text(value));
          } else if constexpr (RecipeValue<V>) {
            const auto grid = recipe.grid.find(name);
            if (grid != recipe.grid.end()) {
              write_line(name, toml_text(grid->second));
            } else if (whole || recipe.given.contains(name)) {
              write_line(name, recipe_text(key, values.*member));
            }
          }
        }
      };
      std::visit(visitor, key.member);
    }
  }

  void header(const std::string& name) { text_ += "\n[" + name + "]\n"; }

  void write_line(std::string_view key, const std::string& value) {
    if (!value.empty()) text_ += std::string(key) + " = " + value + "\n";
  }

  std::string text_;
};

}  // namespace

std::string resolved_toml(const Study& study) { return Writer().text(study); }

}  // namespace sojourn
