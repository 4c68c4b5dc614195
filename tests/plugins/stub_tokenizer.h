// A tokenizer that anybody can follow by eye: words at spaces, pieces of up to four bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/text/tokenizer.h"

namespace sojourn {

// A piece's id is 10 + its first byte; <s> is 0, </s> is 2. The word "\u200b" has no piece.
class StubTokenizer : public Tokenizer {
 public:
  std::vector<Encoding> encode(std::string_view a, std::optional<std::string_view> b,
                               std::int64_t max_tokens, Overflow /*overflow*/,
                               std::int64_t /*stride*/) const override {
    if (invalid_utf8_at(a)) throw input_error("tokenizer", "the text isn't UTF-8");
    Encoding encoding;
    special(encoding, 0);
    text(encoding, a, 0, max_tokens - (b ? 4 : 2));
    special(encoding, 2);
    if (b) {
      special(encoding, 2);
      text(encoding, *b, 1, max_tokens - 1 - static_cast<std::int64_t>(encoding.ids.size()));
      special(encoding, 2);
    }
    return {encoding};
  }

  std::vector<Encoding> encode_words(const std::vector<std::string_view>& words,
                                     std::int64_t max_tokens) const override {
    std::vector<Encoding> windows;
    for (std::size_t w = 0; w < words.size(); ++w) {
      const auto length =
          words[w] == "\u200b" ? 0 : static_cast<std::int64_t>((words[w].size() + 3) / 4);
      if (length == 0) continue;
      if (windows.empty() ||
          static_cast<std::int64_t>(windows.back().ids.size()) + length + 1 > max_tokens) {
        if (!windows.empty()) special(windows.back(), 2);
        windows.emplace_back();
        special(windows.back(), 0);
      }
      pieces(windows.back(), words[w], 0, 0, static_cast<std::int64_t>(w));
    }
    if (!windows.empty()) special(windows.back(), 2);
    return windows;
  }

  std::int64_t id_count() const override { return 300; }
  std::int64_t pad_id() const override { return 1; }
  std::int64_t mask_id() const override { return 299; }
  const std::string& digest() const override { return digest_; }

 private:
  static void add(Encoding& e, std::int64_t id, std::int64_t sequence, std::int64_t word,
                  std::size_t begin, std::size_t end) {
    e.ids.push_back(id);
    e.sequence.push_back(sequence);
    e.word.push_back(word);
    e.begin.push_back(static_cast<std::int64_t>(begin));
    e.end.push_back(static_cast<std::int64_t>(end));
  }
  static void special(Encoding& e, std::int64_t id) { add(e, id, -1, -1, 0, 0); }
  static void pieces(Encoding& e, std::string_view word, std::size_t begin, std::int64_t sequence,
                     std::int64_t index) {
    for (std::size_t i = 0; i < word.size(); i += 4) {
      add(e, 10 + static_cast<unsigned char>(word[i]), sequence, index, begin + i,
          begin + std::min(i + 4, word.size()));
    }
  }
  static void text(Encoding& e, std::string_view s, std::int64_t sequence, std::int64_t room) {
    Encoding all;
    for (std::size_t at = 0; at < s.size();) {
      const std::size_t end = std::min(s.find(' ', at), s.size());
      pieces(all, s.substr(at, end - at), at, sequence, -1);
      at = end + 1;
    }
    for (std::size_t i = 0; i < all.ids.size() && static_cast<std::int64_t>(i) < room; ++i) {
      add(e, all.ids[i], sequence, -1, static_cast<std::size_t>(all.begin[i]),
          static_cast<std::size_t>(all.end[i]));
    }
  }

  std::string digest_ = "stub";
};

}  // namespace sojourn
