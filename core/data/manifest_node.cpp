#include "core/data/manifest_node.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace sojourn {

void ManifestNode::fail(const std::string& what) const {
  throw input_error(*where_, "manifest: " + (path_.empty() ? "" : path_ + ": ") + what);
}

void ManifestNode::expect(bool holds, const std::string& what) const {
  constexpr bool kAscii = true;  // so that it can be cut anywhere
  if (!holds) fail("expected " + what + ", found " + value_->dump(-1, ' ', kAscii).substr(0, 60));
}

void ManifestNode::expect_keys(const std::vector<std::string>& known) const {
  expect(value_->is_object(), "an object");
  for (const auto& item : value_->items()) {
    if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
      fail("unknown key '" + item.key() + "'" + did_you_mean(item.key(), known));
    }
  }
}

ManifestNode ManifestNode::at(const char* key) const {
  if (!has(key)) fail(std::string("no key '") + key + "'");
  return child(value_->at(key), path_.empty() ? key : path_ + "." + key);
}

void ManifestNode::for_each_member(
    const std::function<void(const std::string&, const ManifestNode&)>& body) const {
  expect(value_->is_object(), "an object");
  for (const auto& item : value_->items())
    body(item.key(), child(item.value(), path_ + "." + item.key()));
}

std::vector<ManifestNode> ManifestNode::items() const {
  expect(value_->is_array(), "a list");
  std::vector<ManifestNode> nodes;
  for (const auto& item : *value_)
    nodes.push_back(child(item, path_ + "[" + std::to_string(nodes.size()) + "]"));
  return nodes;
}

std::string ManifestNode::string() const {
  expect(value_->is_string() && !value_->get_ref<const std::string&>().empty(),
         "a string that isn't empty");
  return value_->get<std::string>();
}

std::int64_t ManifestNode::integer() const {
  expect(value_->is_number_integer(), "an integer");
  return value_->get<std::int64_t>();
}

double ManifestNode::number() const {
  expect(value_->is_number(), "a number");
  return value_->get<double>();
}

bool ManifestNode::boolean() const {
  expect(value_->is_boolean(), "true or false");
  return value_->get<bool>();
}

std::vector<std::string> ManifestNode::strings() const {
  std::vector<std::string> list;
  for (const ManifestNode& item : items()) {
    const std::string s = item.string();
    if (std::find(list.begin(), list.end(), s) != list.end()) item.fail("'" + s + "' comes twice");
    list.push_back(s);
  }
  return list;
}

std::vector<std::string> ManifestNode::some_strings() const {
  auto list = strings();
  if (list.empty()) fail("is empty");
  return list;
}

}  // namespace sojourn
