#include "core/config/path.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/base/error.h"

namespace sojourn::config {

namespace {

constexpr std::string_view kNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

// An empty variable counts as unset: "$DATA/x" must not silently become "/x".
std::string variable(const std::string& name, const std::string& written,
                     const std::string& where) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    throw input_error(where, "the path '" + written + "' uses the environment variable " + name +
                                 ", which is not set");
  }
  return value;
}

std::string expand_variables(const std::string& text, const std::string& written,
                             const std::string& where) {
  std::string expanded;
  for (std::size_t at = 0; at < text.size();) {
    const bool braced = text.compare(at, 2, "${") == 0;
    const std::size_t start = at + (braced ? 2 : 1);
    const std::size_t end = std::min(text.find_first_not_of(kNameCharacters, start), text.size());
    if (text[at] != '$' || (end == start && !braced)) {
      expanded += text[at++];
      continue;
    }
    if (braced && (end == start || end == text.size() || text[end] != '}')) {
      throw input_error(where, "the path '" + written + "' has a ${ without NAME}");
    }
    expanded += variable(text.substr(start, end - start), written, where);
    at = end + (braced ? 1 : 0);
  }
  return expanded;
}

}  // namespace

std::filesystem::path resolve_path(const std::string& written, const std::filesystem::path& base,
                                   const std::string& where) {
  std::string home;
  if (written.starts_with('~')) {
    if (written.size() > 1 && written[1] != '/') {
      throw input_error(where, "the path '" + written +
                                   "' starts with another user's ~; expected ~/ or a full path");
    }
    home = variable("HOME", written, where);
  }
  const std::string rest = written.substr(home.empty() ? 0 : 1);
  const auto path = (base / (home + expand_variables(rest, written, where))).lexically_normal();
  const bool trailing_slash = !path.has_filename() && path.has_relative_path();
  return trailing_slash ? path.parent_path() : path;
}

}  // namespace sojourn::config
