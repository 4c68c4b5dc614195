#include "core/base/json_object.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

#include "core/base/error.h"

namespace sojourn {

namespace {

using Json = nlohmann::json;

// Sees each event of the parser and throws on the first that parse_json_object forbids.
class Strictness {
 public:
  Strictness(const std::string& where, int max_depth) : where_(where), max_depth_(max_depth) {}

  // `depth` is the number of objects and arrays that are open around the event.
  void see(int depth, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        throw input_error(where_, "JSON: the key " + shown(key) + " is there twice");
      }
      return;
    }
    const bool object = event == Json::parse_event_t::object_start;
    if ((object || event == Json::parse_event_t::array_start) && depth >= max_depth_) {
      throw input_error(where_, "JSON: nested deeper than " + std::to_string(max_depth_) +
                                    " levels, expected no more");
    }
    if (object) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
  }

 private:
  const std::string& where_;
  int max_depth_;
  std::vector<std::set<std::string>> keys_;  // of the objects that are open
};

}  // namespace

Json parse_json_object(std::string_view text, const std::string& where, int max_depth) {
  Strictness strictness(where, max_depth);
  const auto see = [&](int depth, Json::parse_event_t event, Json& parsed) {
    strictness.see(depth, event, parsed);
    return true;
  };
  Json json;
  try {
    json = Json::parse(text, see);
  } catch (const Json::parse_error& error) {
    throw input_error(where, "isn't JSON: error at byte " + std::to_string(error.byte) + " of " +
                                 std::to_string(text.size()));
  } catch (const Json::exception&) {
    throw input_error(where, "isn't JSON: a number out of range");
  }
  if (!json.is_object()) {
    throw input_error(where,
                      std::string("JSON: found ") + json.type_name() + ", expected an object");
  }
  return json;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  std::size_t length = std::min(text.size(), kLongest);
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80)
    --length;
  std::string start(text.substr(0, length));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  std::replace_if(start.begin(), start.end(), control, '?');
  return "'" + start + (length < text.size() ? "...'" : "'");
}

}  // namespace sojourn
