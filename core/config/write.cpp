// resolved_toml(): the tables of keys.h, the other way round.
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

template <class T>
std::string toml_text(const std::vector<T>& items) {
  std::string text;
  for (const T& item : items) text += (text.empty() ? "" : ", ") + toml_text(item);
  return "[" + text + "]";
}

// What a key says, or "" where it says nothing: an absent optional, an empty string or list, and a
// number outside its range, as `epochs` is where `steps` is given.
template <class T, class V>
std::string value_text(const Key<T>& key, const V& value) {
  if constexpr (requires { value.has_value(); }) {
    return value ? toml_text(*value) : "";
  } else if constexpr (std::is_same_v<V, std::string> ||
                       std::is_same_v<V, std::vector<std::string>>) {
    return value.empty() ? "" : toml_text(value);
  } else if constexpr (std::is_same_v<V, double>) {
    return in_range(value, key.rule.range) ? toml_text(value) : "";
  } else {
    return toml_text(value);
  }
}

class Writer {
 public:
  explicit Writer(const Study& study) : study_(study) {}

  std::string text() {
    write_table("", Keys<Study>(kStudyKeys), study_);
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
    const std::string child = (path.empty() ? "" : path + ".") + std::string(key.name);
    if constexpr (std::is_same_v<M, Keys<T>>) {
      write_section(child, member, from);
    } else if constexpr (std::is_same_v<M, PathMember<T>>) {
      write_line(key.name, toml_text(from.*member.written));
    } else if constexpr (std::is_same_v<M, Recipe T::*>) {
      write_recipe(child, from.*member);
    } else if constexpr (std::is_same_v<M, Limit T::*>) {
      write_limit(child, from.*member);
    } else if constexpr (std::is_same_v<M, std::vector<Intermediate> T::*>) {
      write_tables(child, Keys<Intermediate>(kIntermediateKeys), from.*member);
    } else if constexpr (std::is_same_v<M, std::vector<Target> T::*>) {
      write_tables(child, Keys<Target>(kTargetKeys), from.*member);
    } else {
      const bool same = base != nullptr && from.*member == base->*member;
      if (!same) write_line(key.name, value_text(key, from.*member));
    }
  }

  template <class T>
  void write_section(const std::string& path, Keys<T> keys, const T& from) {
    const bool only_tables = std::holds_alternative<Recipe T::*>(keys.front().member);
    if (!only_tables) header(path);
    write_table(path, keys, from);
  }

  template <class Item>
  void write_tables(const std::string& path, Keys<Item> keys, const std::vector<Item>& items) {
    for (const Item& item : items) {
      header("[" + path + "]");
      write_table(path, keys, item);
    }
  }

  // The default recipe whole; of a stage's, what differs from it.
  void write_recipe(const std::string& path, const Recipe& recipe) {
    const Recipe& base = study_.default_recipe;
    const bool whole = &recipe == &base;
    if (!whole && recipe == base) return;
    header(path);
    write_table(path, Keys<Recipe>(kRecipeKeys), recipe, whole ? nullptr : &base);
  }

  void write_limit(const std::string& path, const Limit& limit) {
    if (limit == Limit{}) return;
    header(path);
    write_table(path, Keys<Limit>(kLimitKeys), limit);
  }

  void header(const std::string& name) { text_ += "\n[" + name + "]\n"; }

  void write_line(std::string_view key, const std::string& value) {
    if (!value.empty()) text_ += std::string(key) + " = " + value + "\n";
  }

  const Study& study_;
  std::string text_;
};

}  // namespace

std::string resolved_toml(const Study& study) { return Writer(study).text(); }

}  // namespace sojourn
