// A manifest's JSON, read with the place of whatever is wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace sojourn {

// A JSON value and how to get there, for messages: "metrics[0].ratio". Throws Error(kInput) at
// `where` for what isn't as asked.
class ManifestNode {
 public:
  // Both outlive the node.
  ManifestNode(const nlohmann::json& value, std::string path, const std::string& where)
      : value_(&value), path_(std::move(path)), where_(&where) {}

  [[noreturn]] void fail(const std::string& what) const;

  // An object of no other than these keys.
  void expect_keys(const std::vector<std::string>& known) const;
  bool has(const char* key) const { return value_->contains(key); }
  ManifestNode at(const char* key) const;
  void for_each_member(
      const std::function<void(const std::string&, const ManifestNode&)>& body) const;
  std::vector<ManifestNode> items() const;

  std::string string() const;  // not empty
  std::int64_t integer() const;
  double number() const;
  bool boolean() const;
  std::vector<std::string> strings() const;  // each once
  std::vector<std::string> some_strings() const;

 private:
  ManifestNode child(const nlohmann::json& value, std::string path) const {
    return {value, std::move(path), *where_};
  }
  void expect(bool holds, const std::string& what) const;

  const nlohmann::json* value_;
  std::string path_;
  const std::string* where_;
};

}  // namespace sojourn
