// JSON text to values that know where they are: the only header of the SDK that needs
// nlohmann-json.
#pragma once

#include <sojourn/host.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Why a text isn't the JSON that it should be.
class JsonError : public std::runtime_error {
 public:
  // byte: the one that doesn't fit, from 1; 0 where that isn't known.
  JsonError(const std::string& what, std::size_t byte) : std::runtime_error(what), byte_(byte) {}
  std::size_t byte() const noexcept { return byte_; }

 private:
  std::size_t byte_;
};

// Throws JsonError: no JSON, no UTF-8, or an object in which a key comes twice.
inline nlohmann::json parse_json(std::string_view text) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> open;  // the keys seen in each object that isn't closed yet
  const auto check = [&](int, Event event, nlohmann::json& value) {
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event == Event::key && !open.back().insert(value.get<std::string>()).second)
      throw JsonError("key '" + value.get<std::string>() + "' comes twice", 0);
    return true;
  };
  try {
    return nlohmann::json::parse(text, check);
  } catch (const nlohmann::json::parse_error& error) {
    throw JsonError("not JSON at byte " + std::to_string(error.byte), error.byte);
  } catch (const nlohmann::json::out_of_range&) {
    throw JsonError("a number that no computer number holds", 0);
  }
}

// A value of a document, and the way to it for messages: "data[3].title".
class JsonNode {
 public:
  // file and value outlive the node and those below it.
  JsonNode(const std::string& file, const nlohmann::json& value, std::string place = "")
      : file_(&file), value_(&value), place_(std::move(place)) {}

  // The same value, called so from here on: "question '7'".
  JsonNode named(std::string place) const { return {*file_, *value_, std::move(place)}; }

  // Throws "FILE: question '7'.answers: no list"; without a line, as JSON often is one long line.
  [[noreturn]] void fail(const std::string& what) const {
    throw Failure(SOJOURN_INVALID, *file_ + ": " + (place_.empty() ? "" : place_ + ": ") + what);
  }

  std::vector<std::string> keys() const {
    expect(value_->is_object(), "an object");
    std::vector<std::string> names;
    for (const auto& item : value_->items()) names.push_back(item.key());
    return names;
  }
  std::optional<JsonNode> find(const char* key) const {
    expect(value_->is_object(), "an object");
    const auto found = value_->find(key);
    if (found == value_->end()) return std::nullopt;
    return JsonNode(*file_, *found, place_.empty() ? key : place_ + "." + key);
  }
  JsonNode at(const char* key) const {
    const auto found = find(key);
    if (!found) fail(std::string("no key '") + key + "'");
    return *found;
  }
  std::vector<JsonNode> items() const {
    expect(value_->is_array(), "a list");
    std::vector<JsonNode> nodes;
    for (const auto& item : *value_)
      nodes.emplace_back(*file_, item, place_ + "[" + std::to_string(nodes.size()) + "]");
    return nodes;
  }

  const std::string& string() const {
    expect(value_->is_string(), "a string");
    return value_->get_ref<const std::string&>();
  }
  std::int64_t integer() const {
    expect(value_->is_number_integer(), "a whole number");
    return value_->get<std::int64_t>();
  }
  bool boolean() const {
    expect(value_->is_boolean(), "true or false");
    return value_->get<bool>();
  }

 private:
  void expect(bool holds, const char* what) const {
    if (!holds) fail(std::string("a JSON ") + value_->type_name() + ", expected " + what);
  }

  const std::string* file_;
  const nlohmann::json* value_;
  std::string place_;
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
