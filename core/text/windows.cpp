#include "core/text/windows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace sojourn {

namespace {

constexpr std::size_t kSingleSpecials = 2;  // <s> A </s>
constexpr std::size_t kPairSpecials = 4;    // <s> A </s></s> B </s>

struct Range {
  std::size_t begin;
  std::size_t end;
};

void append_special(Encoding& to, std::int64_t id) { append_piece(to, id, -1, -1, 0, 0); }

void append_range(Encoding& to, const Encoding& from, Range range) {
  for (std::size_t i = range.begin; i < range.end; ++i) {
    append_piece(to, from.ids[i], from.sequence[i], from.word[i], from.begin[i], from.end[i]);
  }
}

Encoding window(const Encoding& a, Range in_a, const std::optional<Encoding>& b, Range in_b) {
  Encoding result;
  append_special(result, kBosId);
  append_range(result, a, in_a);
  append_special(result, kEosId);
  if (b) {
    append_special(result, kEosId);
    append_range(result, *b, in_b);
    append_special(result, kEosId);
  }
  return result;
}

// Pieces that fit beside the special tokens.
std::size_t room_for(std::int64_t max_tokens, std::size_t specials) {
  if (max_tokens <= static_cast<std::int64_t>(specials)) {
    throw input_error("max_tokens", std::to_string(max_tokens) +
                                        " leaves no room for text beside the " +
                                        std::to_string(specials) + " special tokens");
  }
  return static_cast<std::size_t>(max_tokens) - specials;
}

// How many pieces of each text stay when a + b > room: only the longer text is cut where that is
// enough, else both to half, of which the longer one (b, if they are equal) gets the odd piece.
std::pair<std::size_t, std::size_t> cut_longest(std::size_t a, std::size_t b, std::size_t room) {
  const std::size_t shorter = std::min(a, b);
  const bool halve = 2 * shorter > room;
  const std::size_t short_kept = halve ? room / 2 : shorter;
  const std::size_t long_kept = room - short_kept;
  return a > b ? std::pair{long_kept, short_kept} : std::pair{short_kept, long_kept};
}

// Ranges of at most `room` of n pieces, each beginning `stride` pieces before the end of the last
// one.
std::vector<Range> slide(std::size_t n, std::size_t room, std::size_t stride) {
  std::vector<Range> ranges;
  for (std::size_t begin = 0;; begin += room - stride) {
    const std::size_t end = std::min(begin + room, n);
    ranges.push_back({begin, end});
    if (end == n) return ranges;
  }
}

// `room` for the text that the windows slide over, checked against `stride`.
std::size_t checked_stride(std::int64_t stride, std::size_t room) {
  if (stride < 0 || static_cast<std::size_t>(stride) >= room) {
    throw input_error("stride", std::to_string(stride) + " isn't below the " +
                                    std::to_string(room) + " pieces that a window has room for");
  }
  return static_cast<std::size_t>(stride);
}

}  // namespace

void append_piece(Encoding& to, std::int64_t id, std::int64_t sequence, std::int64_t word,
                  std::int64_t begin, std::int64_t end) {
  to.ids.push_back(id);
  to.sequence.push_back(sequence);
  to.word.push_back(word);
  to.begin.push_back(begin);
  to.end.push_back(end);
}

std::vector<Encoding> text_windows(const Encoding& a, const std::optional<Encoding>& b,
                                   std::int64_t max_tokens, Overflow overflow,
                                   std::int64_t stride) {
  const std::size_t room = room_for(max_tokens, b ? kPairSpecials : kSingleSpecials);
  const std::size_t size_a = a.ids.size();
  const std::size_t size_b = b ? b->ids.size() : 0;
  if (size_a + size_b <= room) return {window(a, {0, size_a}, b, {0, size_b})};

  if (overflow == Overflow::kCutLongest) {
    const auto [kept_a, kept_b] =
        b ? cut_longest(size_a, size_b, room) : std::pair{room, std::size_t{0}};
    return {window(a, {0, kept_a}, b, {0, kept_b})};
  }

  std::vector<Encoding> windows;
  if (!b) {
    for (const Range range : slide(size_a, room, checked_stride(stride, room))) {
      windows.push_back(window(a, range, b, {0, 0}));
    }
    return windows;
  }
  if (size_a >= room) {
    throw input_error("max_tokens", std::to_string(max_tokens) +
                                        " leaves no room for the second text beside the " +
                                        std::to_string(size_a) + " pieces of the first");
  }
  const std::size_t room_b = room - size_a;
  for (const Range range : slide(size_b, room_b, checked_stride(stride, room_b))) {
    windows.push_back(window(a, {0, size_a}, b, range));
  }
  return windows;
}

std::vector<Encoding> word_windows(const Encoding& pieces, std::int64_t max_tokens) {
  const std::size_t room = room_for(max_tokens, kSingleSpecials);
  std::vector<Encoding> windows;
  std::size_t used = room;  // no window is open yet
  for (std::size_t begin = 0; begin < pieces.ids.size();) {
    std::size_t end = begin;
    while (end < pieces.ids.size() && pieces.word[end] == pieces.word[begin]) ++end;
    const std::size_t kept = std::min(end - begin, room);
    if (used + kept > room) {
      if (!windows.empty()) append_special(windows.back(), kEosId);
      append_special(windows.emplace_back(), kBosId);
      used = 0;
    }
    append_range(windows.back(), pieces, {begin, begin + kept});
    used += kept;
    begin = end;
  }
  if (!windows.empty()) append_special(windows.back(), kEosId);
  return windows;
}

}  // namespace sojourn
