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
#include "core/text/windows.h"

namespace sojourn {

// A piece's id is 10 + its first byte; <s> is 0, </s> is 2. The word "\u200b" has no piece.
class StubTokenizer : public Tokenizer {
 public:
  std::vector<Encoding> encode(std::string_view a, std::optional<std::string_view> b,
                               std::int64_t max_tokens, Overflow overflow,
                               std::int64_t stride) const override {
    if (invalid_utf8_at(a)) throw input_error("tokenizer", "the text isn't UTF-8");
    const auto second = b ? std::optional(text(*b, 1)) : std::nullopt;
    return text_windows(text(a, 0), second, max_tokens, overflow, stride);
  }

  std::vector<Encoding> encode_words(const std::vector<std::string_view>& words,
                                     std::int64_t max_tokens) const override {
    Encoding all;
    for (std::size_t w = 0; w < words.size(); ++w) {
      if (words[w] != "\u200b") pieces(all, words[w], 0, 0, static_cast<std::int64_t>(w));
    }
    return word_windows(all, max_tokens);
  }

  std::int64_t id_count() const override { return 300; }
  std::int64_t pad_id() const override { return 1; }
  std::int64_t mask_id() const override { return 299; }
  std::vector<std::int64_t> special_ids() const override { return {0, 1, 2, 299}; }
  const std::string& digest() const override { return digest_; }

 private:
  // Whole characters, as many as fit into four bytes.
  static void pieces(Encoding& e, std::string_view word, std::size_t offset, std::int64_t sequence,
                     std::int64_t index) {
    for (std::size_t begin = 0; begin < word.size();) {
      std::size_t end = std::min(begin + 4, word.size());
      while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80) --end;
      append_piece(e, 10 + static_cast<unsigned char>(word[begin]), sequence, index,
                   static_cast<std::int64_t>(offset + begin),
                   static_cast<std::int64_t>(offset + end));
      begin = end;
    }
  }
  static Encoding text(std::string_view s, std::int64_t sequence) {
    Encoding all;
    for (std::size_t at = 0; at < s.size();) {
      const std::size_t end = std::min(s.find(' ', at), s.size());
      pieces(all, s.substr(at, end - at), at, sequence, -1);
      at = end + 1;
    }
    return all;
  }

  std::string digest_ = "stub";
};

}  // namespace sojourn
