#include "core/text/recording_tokenizer.h"

#include <algorithm>

#include "core/base/hash.h"
#include "core/text/windows.h"

namespace sojourn {

namespace {

constexpr std::int64_t kNoLimit = std::int64_t{1} << 40;

thread_local NotedExample* t_noted = nullptr;

struct Character {
  char32_t code;
  std::size_t size;  // bytes
};

// At the start of `text`, which is UTF-8 and not empty.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80U) return {byte(0), 1};
  const std::size_t size = std::min<std::size_t>(byte(0) < 0xE0U   ? 2
                                                 : byte(0) < 0xF0U ? 3
                                                                   : 4,
                                                 text.size());
  char32_t code = byte(0) & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) code = code << 6U | (byte(i) & 0x3FU);
  return {code, size};
}

bool between(char32_t code, char32_t first, char32_t last) { return first <= code && code <= last; }

bool is_white_space(char32_t c) {
  return c == U' ' || between(c, U'\t', U'\r') || c == 0xA0 || between(c, 0x2000, 0x200B) ||
         c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

bool is_latin_letter(char32_t c) {
  return between(c, U'A', U'Z') || between(c, U'a', U'z') ||
         (between(c, 0xC0, 0x24F) && c != 0xD7 && c != 0xF7) || between(c, 0x1E00, 0x1EFF);
}

// By blocks: Greek to Khmer and beyond, then kana, Han and Hangul; not punctuation or symbols.
bool is_other_letter(char32_t c) {
  return between(c, 0x370, 0x1DFF) || between(c, 0x1F00, 0x1FFF) || between(c, 0x2C00, 0x2DFF) ||
         between(c, 0x3040, 0xD7FF) || between(c, 0xF900, 0xFAFF) || between(c, 0xFB13, 0xFDFF) ||
         between(c, 0xFE70, 0xFEFE) || between(c, 0x20000, 0x3FFFF);
}

void note_text(std::string_view text, TextRole role, NotedExample& noted) {
  const std::string normal = normal_form(text);
  if (normal.empty()) return;
  NotedText found;
  found.role = role;
  found.hash = text_hash(normal);
  for (std::string_view rest = normal; !rest.empty();) {
    const Character character = first_character(rest);
    ++found.characters;
    noted.latin += is_latin_letter(character.code) ? 1 : 0;
    noted.other += is_other_letter(character.code) ? 1 : 0;
    rest.remove_prefix(character.size);
  }
  noted.texts.push_back(found);
}

// `again` encodes the same without a limit: only needed where the windows may not show all of it.
template <class Again>
void note_pieces(const std::vector<Encoding>& windows, std::int64_t max_tokens, const Again& again,
                 NotedExample& noted) {
  const auto size = [](const Encoding& window) {
    return static_cast<std::int64_t>(window.ids.size());
  };
  const bool all_there = windows.empty() || (windows.size() == 1 && size(windows[0]) < max_tokens);
  for (const Encoding& window : all_there ? windows : again()) {
    noted.too_long = noted.too_long || size(window) > max_tokens;
    for (std::size_t i = 0; i < window.ids.size(); ++i) {
      if (window.sequence[i] < 0) continue;
      ++noted.pieces;
      noted.unknown += window.ids[i] == kUnkId ? 1 : 0;
    }
  }
}

}  // namespace

std::string normal_form(std::string_view text) {
  std::string normal;
  bool space = false;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (is_white_space(character.code)) {
      space = true;
    } else {
      if (space && !normal.empty()) normal += ' ';
      space = false;
      if (between(character.code, U'A', U'Z')) {
        normal += static_cast<char>(character.code + ('a' - 'A'));
      } else {
        normal += text.substr(0, character.size);
      }
    }
    text.remove_prefix(character.size);
  }
  return normal;
}

TextHash text_hash(std::string_view bytes) {
  const auto digest = sha256_bytes(bytes);
  TextHash hash{};
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

RecordingTokenizer::Recording::Recording(NotedExample& into) noexcept { t_noted = &into; }
RecordingTokenizer::Recording::~Recording() { t_noted = nullptr; }

std::vector<Encoding> RecordingTokenizer::encode(std::string_view a,
                                                 std::optional<std::string_view> b,
                                                 std::int64_t max_tokens, Overflow overflow,
                                                 std::int64_t stride) const {
  auto windows = tokenizer_->encode(a, b, max_tokens, overflow, stride);
  if (t_noted == nullptr || (t_noted->pairs && !b)) return windows;
  if (b && !t_noted->pairs) {
    *t_noted = {};
    t_noted->pairs = true;
  }
  note_text(a, b ? TextRole::kFirst : TextRole::kSingle, *t_noted);
  if (b) note_text(*b, TextRole::kSecond, *t_noted);
  note_pieces(
      windows, max_tokens,
      [&] { return tokenizer_->encode(a, b, kNoLimit, Overflow::kCutLongest, 0); }, *t_noted);
  return windows;
}

std::vector<Encoding> RecordingTokenizer::encode_words(const std::vector<std::string_view>& words,
                                                       std::int64_t max_tokens) const {
  auto windows = tokenizer_->encode_words(words, max_tokens);
  if (t_noted == nullptr) return windows;
  std::string sentence;
  for (const auto word : words) sentence.append(sentence.empty() ? "" : " ").append(word);
  note_text(sentence, TextRole::kWords, *t_noted);
  note_pieces(
      windows, max_tokens, [&] { return tokenizer_->encode_words(words, kNoLimit); }, *t_noted);
  return windows;
}

}  // namespace sojourn
