// Bilingual word lists: pairs of a foreign word and an English one, and what they say together of
// which words translate each other.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/text_files.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Translations that a word may have.
constexpr std::size_t kMostTranslations = 32;

// The distinct words of a side, in the order of their first pairs.
struct LexiconSide {
  std::vector<std::string_view> words;
  std::vector<std::size_t> first;                      // the pair in which each comes first
  std::vector<std::size_t> place;                      // of each pair's word in `words`
  std::vector<std::vector<std::size_t>> translations;  // of each word: places on the other side
};

struct Lexicon {
  LexiconSide foreign;
  LexiconSide english;
  std::vector<std::size_t> lines;  // of the pairs, from 1

  std::size_t pairs() const noexcept { return lines.size(); }
  // Whether some pair has these two words, given by their places.
  bool translates(std::size_t foreign_word, std::size_t english_word) const {
    const auto& known = foreign.translations[foreign_word];
    return std::find(known.begin(), known.end(), english_word) != known.end();
  }
};

// A word as a number that is the same in every file: 63 bits of FNV-1a's 64.
inline std::int64_t word_number(std::string_view word) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : word) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3ULL;
  }
  return static_cast<std::int64_t>(hash >> 1U);
}

// The two words of a line, between which is a tab or a space. Throws DataError.
inline std::array<std::string_view, 2> words_of(const Lines& line, bool tabs) {
  if (tabs) {
    const auto cells = columns(line, 2);
    return {cells[0], cells[1]};
  }
  const std::string_view text = line.text();
  const auto spaces = static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
  if (spaces != 1) line.fail(std::to_string(spaces) + " spaces, expected 1 between two words");
  return {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
}

// Puts pairs together, line by line.
class LexiconReader {
 public:
  // Throws DataError.
  void add(const Lines& line, std::string_view foreign, std::string_view english) {
    check_word(line, foreign, "foreign");
    check_word(line, english, "English");
    const std::size_t f = add_word(foreign, found_.foreign, places_[0]);
    const std::size_t e = add_word(english, found_.english, places_[1]);
    if (found_.translates(f, e)) {
      line.fail("the pair '" + std::string(foreign) + "', '" + std::string(english) +
                "' again, first on line " + std::to_string(first_line(f, e)));
    }
    add_translation(line, found_.foreign, f, e);
    add_translation(line, found_.english, e, f);
    found_.lines.push_back(line.number());
  }

  Lexicon take() { return std::move(found_); }

 private:
  using Places = std::unordered_map<std::string_view, std::size_t>;

  static void check_word(const Lines& line, std::string_view word, const char* which) {
    if (word.find_first_not_of(" \t") == std::string_view::npos)
      line.fail(std::string("no ") + which + " word");
  }

  std::size_t add_word(std::string_view word, LexiconSide& side, Places& places) const {
    const auto [found, fresh] = places.emplace(word, side.words.size());
    if (fresh) {
      side.words.push_back(word);
      side.first.push_back(found_.lines.size());
      side.translations.emplace_back();
    }
    side.place.push_back(found->second);
    return found->second;
  }

  std::size_t first_line(std::size_t f, std::size_t e) const {
    for (std::size_t i = 0; i < found_.lines.size(); ++i) {
      if (found_.foreign.place[i] == f && found_.english.place[i] == e) return found_.lines[i];
    }
    return 0;
  }

  static void add_translation(const Lines& line, LexiconSide& side, std::size_t word,
                              std::size_t translation) {
    auto& known = side.translations[word];
    if (known.size() == kMostTranslations) {
      line.fail("word '" + std::string(side.words[word]) + "' has more than " +
                std::to_string(kMostTranslations) + " translations");
    }
    known.push_back(translation);
  }

  Lexicon found_;
  std::array<Places, 2> places_;  // of the words of both sides
};

// Reads a pair a line, the foreign word first: separated by a tab, or by the only space of the line
// where the first line has no tab (as in MUSE's dictionaries). Throws DataError: another number of
// columns, a side without a word, a pair that comes twice, a word with too many translations.
inline Lexicon read_lexicon(const File& file) {
  LexiconReader reader;
  bool tabs = false;
  for (Lines lines(file); lines.next();) {
    if (lines.number() == 1) tabs = lines.text().find('\t') != std::string_view::npos;
    const auto words = words_of(lines, tabs);
    reader.add(lines, words[0], words[1]);
  }
  return reader.take();
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
