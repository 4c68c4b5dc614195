// The encoder's tokenizer: sentencepiece pieces under XLM-R's ids, special tokens and template.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sojourn {

// One window of pieces, special tokens included; five columns of equal length.
//
// Byte offsets point into the text that the piece came from, or into its word, as it was given
// (before normalisation): 0 <= begin <= end <= size, between characters, neither ever goes back
// within a text. A piece's leading space isn't in its range, and a piece that is only a space has
// the empty range before what follows. Where the normaliser turns one character into several
// pieces, a piece that begins with that character has all of it, and one that began before it has
// nothing of it.
struct Encoding {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> sequence;  // 0 first text or words, 1 second text, -1 special token
                                       // of the template (one in the text has its text's number)
  std::vector<std::int64_t> word;      // index into the words, -1 elsewhere
  std::vector<std::int64_t> begin;     // byte offsets; 0, 0 for the template's special tokens
  std::vector<std::int64_t> end;
};

// What happens to text that doesn't fit into max_tokens.
enum class Overflow {
  kCutLongest,   // one window; cut as the `longest_first` rule of Hugging Face tokenizers does
  kSlideSecond,  // windows over the second text (the only one, if there is no pair), overlapping by
                 // `stride` pieces
};

class Tokenizer {
 public:
  // Reads sentencepiece.bpe.model, else builds the same model from tokenizer.json (type Unigram),
  // from a Hugging Face directory. Throws Error(kInput) naming the file and what is wrong with it.
  static std::unique_ptr<const Tokenizer> load(const std::filesystem::path& directory);

  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  virtual ~Tokenizer() = default;

  // Thread-safe, like all that is const here. `<s> A </s>` or `<s> A </s></s> B </s>`, at most
  // max_tokens pieces a window. Text may hold special tokens literally ("<mask>"), as in Hugging
  // Face tokenizers. Always at least one window, without pieces of a text that has none. `stride`
  // counts in kSlideSecond only. Throws Error(kInput) where max_tokens leaves no room (for the
  // second text too, if windows slide over it), the stride isn't below that room, or a text isn't
  // UTF-8.
  virtual std::vector<Encoding> encode(std::string_view a, std::optional<std::string_view> b,
                                       std::int64_t max_tokens, Overflow overflow,
                                       std::int64_t stride) const = 0;

  // Words tokenized one by one (each as if a space stood before it), split into windows at word
  // boundaries; a word of more pieces than a window holds is cut to the window. Every word is in
  // exactly one window, if it has pieces at all; no window where no word has any. Throws
  // Error(kInput) as encode does.
  virtual std::vector<Encoding> encode_words(const std::vector<std::string_view>& words,
                                             std::int64_t max_tokens) const = 0;

  virtual std::int64_t id_count() const = 0;  // largest id + 1
  virtual std::int64_t pad_id() const = 0;
  virtual std::int64_t mask_id() const = 0;
  virtual std::vector<std::int64_t> special_ids() const = 0;  // sorted; those above among them
  // Names the content: SHA-256 over the files that define the tokenizer.
  virtual const std::string& digest() const = 0;
};

// The digest() of the directory's tokenizer, without loading it. Throws Error(kInput) where there
// is none.
std::string tokenizer_digest(const std::filesystem::path& directory);

}  // namespace sojourn
