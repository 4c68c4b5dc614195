// A tokenizer that notes what it is given. Tasks hand text to the host nowhere else, so this is how
// the host looks at the text of data whose format it doesn't know.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/tokenizer.h"

namespace sojourn {

// The first half of a SHA-256, here of a text's normal form.
using TextHash = std::array<std::uint8_t, 16>;
TextHash text_hash(std::string_view bytes);

// How a text was given: alone, as one of a pair, or as words (joined by a space).
enum class TextRole : std::uint8_t { kSingle, kFirst, kSecond, kWords };

// The normal form under which texts count as equal: A to Z in lower case, white space at the ends
// left out and a space in place of every other run of it. White space is ASCII's, U+00A0,
// U+2000 to U+200B, U+202F, U+205F, U+3000 and U+FEFF. `text` is UTF-8.
std::string normal_form(std::string_view text);

struct NotedText {
  TextHash hash{};
  TextRole role = TextRole::kSingle;
  std::int64_t characters = 0;  // code points of the normal form
};

// What one example gave to the tokenizer. Where it gave pairs, single texts are left out: a task
// measured them to see what fits into the pair.
struct NotedExample {
  bool pairs = false;
  std::vector<NotedText> texts;  // in their order; those whose normal form is empty left out
  std::int64_t pieces = 0;       // as if there were no limit, without the template's special tokens
  std::int64_t unknown = 0;      // of these, <unk>
  bool too_long = false;         // some text, or pair, is longer than one window
  std::int64_t latin = 0;        // letters of the Latin script in the texts
  std::int64_t other = 0;        // letters of other scripts
};

class RecordingTokenizer : public Tokenizer {
 public:
  // `tokenizer` does the work, and outlives this one.
  explicit RecordingTokenizer(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  // While it exists, what this thread encodes is added to `into`.
  class Recording {
   public:
    explicit Recording(NotedExample& into) noexcept;
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording();
  };

  std::vector<Encoding> encode(std::string_view a, std::optional<std::string_view> b,
                               std::int64_t max_tokens, Overflow overflow,
                               std::int64_t stride) const override;
  std::vector<Encoding> encode_words(const std::vector<std::string_view>& words,
                                     std::int64_t max_tokens) const override;
  std::int64_t id_count() const override { return tokenizer_->id_count(); }
  std::int64_t pad_id() const override { return tokenizer_->pad_id(); }
  std::int64_t mask_id() const override { return tokenizer_->mask_id(); }
  std::vector<std::int64_t> special_ids() const override { return tokenizer_->special_ids(); }
  const std::string& digest() const override { return tokenizer_->digest(); }

 private:
  const Tokenizer* tokenizer_;
};

}  // namespace sojourn
