// JSON lines: one object a line. Needs nlohmann-json.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/json.h>
#include <sojourn/text_files.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// The objects of a file, in order. Throws DataError for a line that isn't an object, or one in
// which a key comes twice. Keys that nobody asked for are ignored, and named in the log at the end.
class JsonLines {
 public:
  // call outlives it.
  JsonLines(const Call& call, const File& file) : call_(&call), lines_(file) {}

  bool next() {
    if (!lines_.next()) {
      log_ignored();
      return false;
    }
    try {
      object_ = parse_json(lines_.text());
    } catch (const JsonError& error) {
      lines_.fail(error.what() +
                  std::string(error.byte() == 0 ? "" : ", expected one object a line"));
    }
    if (!object_.is_object())
      lines_.fail(std::string("a JSON ") + object_.type_name() + ", expected an object");
    for (const auto& item : object_.items()) keys_.emplace(item.key(), false);
    return true;
  }

  // The string under `key`, or nothing where there is no such key. Throws DataError for another
  // type.
  std::optional<std::string> optional_string(const char* key) const {
    const auto found = find(key);
    if (found == object_.end()) return std::nullopt;
    if (!found->is_string()) {
      lines_.fail(std::string("key '") + key + "' is a " + found->type_name() +
                  ", expected a string");
    }
    return found->get<std::string>();
  }

  std::string string(const char* key) const {
    auto value = optional_string(key);
    if (!value) lines_.fail(std::string("no key '") + key + "'");
    return *std::move(value);
  }

  // The whole number under `key`. Throws DataError.
  std::int64_t integer(const char* key) const {
    const auto found = find(key);
    if (found == object_.end()) lines_.fail(std::string("no key '") + key + "'");
    if (!found->is_number_integer()) {
      lines_.fail(std::string("key '") + key + "' is a " + found->type_name() +
                  ", expected a whole number");
    }
    return found->get<std::int64_t>();
  }

  // What lies at a JSON pointer: string_at("/question/choices/0/text"). Throws DataError.
  std::string string_at(const std::string& pointer) const {
    const auto path = use(pointer);
    if (!object_.contains(path)) lines_.fail("nothing at " + pointer);
    const auto& found = object_.at(path);
    if (!found.is_string())
      lines_.fail(pointer + " is a " + found.type_name() + ", expected a string");
    return found.get<std::string>();
  }

  // Throws DataError where the list at the pointer hasn't `size` entries.
  void expect_list(const std::string& pointer, std::size_t size) const {
    const auto path = use(pointer);
    if (!object_.contains(path) || !object_.at(path).is_array())
      lines_.fail("no list at " + pointer);
    if (object_.at(path).size() != size) {
      lines_.fail(pointer + " has " + std::to_string(object_.at(path).size()) +
                  " entries, expected " + std::to_string(size));
    }
  }

  const Lines& line() const noexcept { return lines_; }

 private:
  nlohmann::json::const_iterator find(const char* key) const {
    keys_[key] = true;
    return object_.find(key);
  }
  nlohmann::json::json_pointer use(const std::string& pointer) const {
    keys_[pointer.substr(1, pointer.find('/', 1) - 1)] = true;
    return nlohmann::json::json_pointer(pointer);
  }

  void log_ignored() const {
    std::string text;
    for (const auto& entry : keys_) {
      if (!entry.second) text += " " + entry.first;
    }
    if (!text.empty()) call_->log(SOJOURN_LOG_INFO, lines_.path() + ": ignored keys:" + text);
  }

  const Call* call_;
  Lines lines_;
  nlohmann::json object_;
  mutable std::map<std::string, bool> keys_;  // seen or asked for; whether anyone asked
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
