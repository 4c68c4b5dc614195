// Small things about strings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sojourn {

// The byte offset of the first malformed UTF-8 sequence (overlong forms, surrogates and values past
// U+10FFFF count as malformed), or nothing.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

// The candidate of the smallest edit distance to `name`, if it is near enough to be what was meant.
std::optional<std::string> nearest_name(std::string_view name,
                                        std::span<const std::string> candidates);

// " (did you mean 'x'?)", or "" where nothing is near.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

// The parts between separators: join({"a", "b"}, ", ") is "a, b".
std::string join(std::span<const std::string> parts, std::string_view separator);

std::string replace_all(std::string text, std::string_view from, std::string_view to);

// "12,345".
std::string thousands(std::int64_t number);

// A size as people say it: "512 B", "1.1 GB" (a kB is 1000 B).
std::string bytes_text(std::uintmax_t bytes);

}  // namespace sojourn
