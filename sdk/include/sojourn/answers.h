// How answers to questions are compared: exact match and F1 over words, by the rules of SQuAD and
// of MLQA. Needs ICU (libicuuc), for the properties of characters.
#pragma once

#include <sojourn/text_files.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <unicode/uchar.h>
#include <unicode/ustring.h>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

namespace answer_rules {

using Text = std::u32string;

inline Text decode(std::string_view utf8) {
  Text text;
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(utf8.substr(at)));
    const auto first = static_cast<unsigned char>(utf8[at]);
    char32_t point = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i)
      point = point << 6U | (static_cast<unsigned char>(utf8[at + i]) & 0x3FU);
    text += point;
    at += length;
  }
  return text;
}

// Full lower-casing, final sigma included, in no particular language: Python's str.lower().
inline Text lower(const Text& text) {
  std::u16string wide;
  for (const char32_t c : text) {
    if (c >= 0x10000) wide += static_cast<char16_t>(0xD7C0U + (c >> 10U));
    wide += static_cast<char16_t>(c >= 0x10000 ? 0xDC00U + (c & 0x3FFU) : c);
  }
  std::u16string low(wide.size() * 3 + 1, u'\0');  // no character becomes longer than three
  UErrorCode status = U_ZERO_ERROR;
  const auto size = u_strToLower(low.data(), static_cast<std::int32_t>(low.size()), wide.data(),
                                 static_cast<std::int32_t>(wide.size()), /*locale=*/"", &status);
  low.resize(static_cast<std::size_t>(size));
  Text result;
  for (std::size_t i = 0; i < low.size(); ++i) {
    char32_t c = low[i];
    if ((c & 0xFC00U) == 0xD800 && i + 1 < low.size())
      c = (c << 10U) + low[++i] - ((0xD800U << 10U) + 0xDC00U - 0x10000U);
    result += c;
  }
  return result;
}

// Python's str.isspace().
inline bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// What \w matches in Python: letters, all kinds of digits and numbers, and the underscore; no
// combining marks.
inline bool is_word(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  return c == U'_' || u_isalpha(point) != 0 ||
         u_getIntPropertyValue(point, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}

inline bool is_ascii_punctuation(char32_t c) {
  return c > 0x20 && c < 0x7F && !(c >= U'0' && c <= U'9') && !(c >= U'A' && c <= U'Z') &&
         !(c >= U'a' && c <= U'z');
}

inline bool is_punctuation(char32_t c) {
  return is_ascii_punctuation(c) || u_ispunct(static_cast<UChar32>(c)) != 0;
}

// Replaces words that are articles by a space. A word is what \b...\b can enclose.
inline Text without_articles(const Text& text, const std::vector<Text>& articles) {
  Text kept;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const Text word = text.substr(at, end - at);
    if (std::find(articles.begin(), articles.end(), word) != articles.end()) {
      kept += U' ';
    } else {
      kept += word;
    }
    if (end < text.size()) kept += text[end++];
    at = end;
  }
  return kept;
}

inline std::vector<Text> split(const Text& text) {
  std::vector<Text> words(1);
  for (const char32_t c : text) {
    if (!is_space(c)) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

template <class Drop>
Text without(Text text, const Drop& drop) {
  text.erase(std::remove_if(text.begin(), text.end(), drop), text.end());
  return text;
}

// Chinese: every ideograph of the basic block is a word.
inline Text with_ideographs_apart(const Text& text) {
  Text apart;
  for (const char32_t c : text) {
    const bool ideograph = c >= 0x4E00 && c <= 0x9FA5;
    if (ideograph) apart += U' ';
    apart += c;
    if (ideograph) apart += U' ';
  }
  return apart;
}

// Arabic: the definite article is taken out wherever its two letters stand, as MLQA's own script
// does.
inline Text without_al(const Text& text) {
  Text kept;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool al = text[i] == 0x0627 && i + 1 < text.size() && text[i + 1] == 0x0644;
    kept += al ? U' ' : text[i];
    if (al) ++i;
  }
  return kept;
}

inline const std::vector<Text>& articles_of(std::string_view language) {
  static const std::vector<Text> english = {U"a", U"an", U"the"};
  static const std::vector<Text> spanish = {U"un", U"una", U"unos", U"unas",
                                            U"el", U"la",  U"los",  U"las"};
  static const std::vector<Text> vietnamese = {U"c\u1EE7a", U"l\u00E0", U"c\u00E1i", U"chi\u1EBFc",
                                               U"nh\u1EEFng"};
  static const std::vector<Text> german = {U"ein", U"eine", U"einen", U"einem", U"eines", U"einer",
                                           U"der", U"die",  U"das",   U"den",   U"dem",   U"des"};
  static const std::vector<Text> none;
  if (language == "en") return english;
  if (language == "es") return spanish;
  if (language == "vi") return vietnamese;
  if (language == "de") return german;
  return none;
}

}  // namespace answer_rules

// The words of an answer that count. Two answers match exactly where these are equal.
using AnswerWords = std::vector<std::u32string>;

// The rules of the SQuAD scripts, which XQuAD and TyDiQA use for every language: lower case, ASCII
// punctuation and English articles taken out.
inline AnswerWords squad_words(std::string_view answer) {
  using namespace answer_rules;
  const Text text = without(lower(decode(answer)), is_ascii_punctuation);
  return split(without_articles(text, articles_of("en")));
}

// The rules of MLQA (its evaluation script, version 1): all of Unicode's punctuation, articles by
// language, Chinese by ideographs. Languages: en es de ar hi vi zh.
inline AnswerWords mlqa_words(std::string_view answer, std::string_view language) {
  using namespace answer_rules;
  const Text text = without(lower(decode(answer)), is_punctuation);
  if (language == "ar") return split(without_al(text));
  if (language == "zh") return split(with_ideographs_apart(text));
  return split(without_articles(text, articles_of(language)));
}

// F1 over words as multisets. Two answers without a word: 0 by SQuAD v1.1 and MLQA.
inline double words_f1(const AnswerWords& predicted, const AnswerWords& gold) {
  std::unordered_map<std::u32string, std::size_t> left;
  for (const auto& word : gold) ++left[word];
  std::size_t same = 0;
  for (const auto& word : predicted) {
    const auto found = left.find(word);
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++same;
  }
  if (same == 0) return 0;
  const double precision = static_cast<double>(same) / static_cast<double>(predicted.size());
  const double recall = static_cast<double>(same) / static_cast<double>(gold.size());
  return 2 * precision * recall / (precision + recall);
}

struct AnswerScore {
  double exact = 0, f1 = 0;
};

// The best over the gold answers of a question. No gold answer: 0.
template <class Words>
AnswerScore best_score(std::string_view answer, const std::vector<std::string>& gold,
                       const Words& words) {
  const AnswerWords predicted = words(answer);
  AnswerScore best;
  for (const auto& text : gold) {
    const AnswerWords expected = words(text);
    best.exact = std::max(best.exact, predicted == expected ? 1.0 : 0.0);
    best.f1 = std::max(best.f1, words_f1(predicted, expected));
  }
  return best;
}

// SQuAD v2: a question without an answer has no gold, or only gold that is empty once normalized;
// the right answer is then one without a word.
inline AnswerScore squad_v2_score(std::string_view answer, const std::vector<std::string>& gold) {
  std::vector<std::string> answers;
  for (const auto& text : gold) {
    if (!squad_words(text).empty()) answers.push_back(text);
  }
  if (!answers.empty()) return best_score(answer, answers, squad_words);
  const double right = squad_words(answer).empty() ? 1 : 0;
  return {right, right};
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
