// JSON from a file that nobody vouches for.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sojourn {

// Parses an object, strictly: no key twice in an object (readers disagree on which one counts), and
// no nesting of objects and arrays deeper than max_depth, the outermost counting as 1 (what walks a
// tree by recursion would run out of stack). Throws Error(kInput) with `where`, and the byte, for
// what isn't such an object.
nlohmann::json parse_json_object(std::string_view text, const std::string& where, int max_depth);

// A name or value out of such a file, fit for a message: in single quotes, of sane length, without
// control characters.
std::string shown(std::string_view text);

}  // namespace sojourn
