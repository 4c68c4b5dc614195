#include "core/text/tokenizer.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "tests/core/text/tokenizer_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using Column = std::vector<std::int64_t>;
using Catch::Contains;

const Tokenizer& tiny() {
  static const auto tokenizer = Tokenizer::load(golden_tokenizer());
  return *tokenizer;
}

std::vector<Encoding> slide(std::string_view a, std::optional<std::string_view> b,
                            std::int64_t max_tokens, std::int64_t stride) {
  return tiny().encode(a, b, max_tokens, Overflow::kSlideSecond, stride);
}

Encoding encode(std::string_view a, std::optional<std::string_view> b = std::nullopt,
                std::int64_t max_tokens = 512) {
  return tiny().encode(a, b, max_tokens, Overflow::kCutLongest, 0).at(0);
}

// What the pieces of an encoding say of their texts: "the|cat" for "the cat", special tokens left
// out.
std::string covered(const Encoding& encoding, const std::vector<std::string_view>& texts) {
  std::string out;
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    if (encoding.sequence[i] < 0) continue;
    const std::int64_t text = encoding.word[i] >= 0 ? encoding.word[i] : encoding.sequence[i];
    const auto begin = static_cast<std::size_t>(encoding.begin[i]);
    const auto length = static_cast<std::size_t>(encoding.end[i]) - begin;
    out += '|';
    out += texts.at(static_cast<std::size_t>(text)).substr(begin, length);
  }
  return out.empty() ? out : out.substr(1);
}

TEST_CASE("ids of special tokens are XLM-R's", "[core][text]") {
  const auto vocabulary = golden_json(kJsonName)["model"]["vocab"];
  CHECK(tiny().id_count() == static_cast<std::int64_t>(vocabulary.size()));
  CHECK(tiny().mask_id() == tiny().id_count() - 1);
  CHECK(tiny().special_ids() == Column{0, 1, 2, 3, tiny().mask_id()});
  CHECK(tiny().pad_id() == 1);
  CHECK(encode("<s><pad></s><unk><mask>").ids == Column{0, 0, 1, 2, 3, tiny().mask_id(), 2});
}

TEST_CASE("a pair stands between <s> A </s></s> B </s>", "[core][text]") {
  const auto pair = encode("the cat", "the mat");
  CHECK(pair.sequence == Column{-1, 0, 0, -1, -1, 1, 1, -1});
  CHECK(pair.word == Column(8, -1));
  CHECK(pair.ids[0] == 0);
  CHECK(pair.ids[3] == 2);
  CHECK(pair.ids[4] == 2);
  CHECK(pair.ids[7] == 2);
  CHECK(covered(pair, {"the cat", "the mat"}) == "the|cat|the|mat");
}

TEST_CASE("texts without pieces leave the special tokens alone", "[core][text]") {
  const auto* text = GENERATE("", " ", "\t\n ", "\xE3\x80\x80\xE2\x80\x8B");
  CHECK(encode(text).ids == Column{0, 2});
  CHECK(encode(text, text).ids == Column{0, 2, 2, 2});
  CHECK(slide(text, text, 5, 0).size() == 1);
}

TEST_CASE("byte ranges point into the text as it was given", "[core][text]") {
  const auto check = [](std::string_view text, const std::string& expected) {
    CHECK(covered(encode(text), {text}) == expected);
  };
  check("  the   cat\tsat ", "the|cat|sat");                   // no piece has the space before it
  check("the <mask>  cat</s>sat", "the|<mask>|cat|</s>|sat");  // nor is it moved by special tokens
  check("the ᳇ cat ᳈", "the||᳇|cat||᳈");               // a lone space piece is empty
  check("cafe\u0301", "|c|a|f|e\u0301");                       // composed by the normaliser
  check("1㎞", "1|㎞|㎞");                                     // one character, two pieces
  check("1㏂2", "1|㏂|㏂|㏂|2");                               // and two with a space between them
  check("Ａ！", "|Ａ|！");                                     // replaced by the normaliser
  check("the\u200B\uFEFF cat", "the|cat");                     // invisible characters are spaces
}

TEST_CASE("byte ranges stay inside the text, between characters and in order", "[core][text]") {
  const std::vector<std::string> parts = {"the",     " ",      "  ",    "<mask>", "</s",    "㎞",
                                          "e\u0301", "\u200b", "世界",  "🐈",     "\u0301", "…",
                                          "\u3000",  "½x",     "ﬁ",     "▁",      "\uFFFD", "\t",
                                          "한",      "नमस्ते",   "<unk>", "㏂",     "\x01"};
  std::uint32_t state = 12345;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 8; ++i) {
      state = state * 1664525U + 1013904223U;
      text += parts[(state >> 16U) % parts.size()];
    }
    const auto encoding = encode(text);
    std::int64_t begin = 0;
    std::int64_t end = 0;
    bool ok = true;
    for (std::size_t i = 1; i + 1 < encoding.ids.size(); ++i) {
      ok = ok && begin <= encoding.begin[i] && end <= encoding.end[i] &&
           encoding.begin[i] <= encoding.end[i];
      begin = encoding.begin[i];
      end = encoding.end[i];
      const auto size = static_cast<std::int64_t>(text.size());
      ok = ok && end <= size && !invalid_utf8_at(text.substr(0, static_cast<std::size_t>(begin))) &&
           !invalid_utf8_at(text.substr(0, static_cast<std::size_t>(end)));
    }
    CAPTURE(text);
    CHECK(ok);
  }
}

TEST_CASE("windows over the second text repeat the first and overlap by the stride",
          "[core][text]") {
  const std::string_view a = "the cat";
  const std::string_view b = "the cat sat on the mat";
  const auto windows = slide(a, b, 10, 1);  // room for 4 pieces of b
  REQUIRE(windows.size() == 2);
  CHECK(covered(windows[0], {a, b}) == "the|cat|the|cat|sat|on");
  CHECK(covered(windows[1], {a, b}) == "the|cat|on|the|mat");
}

TEST_CASE("text that leaves no room is refused", "[core][text]") {
  const auto* text = "the cat sat on the mat";
  CHECK_THROWS_WITH(encode(text, std::nullopt, 2), Contains("max_tokens: 2 leaves no room"));
  CHECK_THROWS_WITH(encode(text, text, 4), Contains("max_tokens: 4 leaves no room"));
  CHECK_THROWS_WITH(encode(text, text, -1), Contains("max_tokens: -1"));
  CHECK_THROWS_WITH(tiny().encode_words({text}, 2), Contains("max_tokens: 2 leaves no room"));
  CHECK_THROWS_WITH(slide(text, text, 10, 0), Contains("the 6 pieces of the first"));
  CHECK_THROWS_WITH(slide(text, text, 12, 2), Contains("stride: 2 isn't below the 2 pieces"));
  CHECK_THROWS_WITH(slide(text, std::nullopt, 4, -1), Contains("stride: -1"));
  CHECK(slide(text, "", 10, 0).size() == 1);  // nothing to cut
}

TEST_CASE("words stay whole in one window each", "[core][text]") {
  // 1, 3, 0, 1, 1 and 1 pieces; a window has room for 4.
  const std::vector<std::string_view> words = {"the", "unbelievable", "", "cat", "sat", "mat"};
  const auto windows = tiny().encode_words(words, 6);
  REQUIRE(windows.size() == 2);
  CHECK(windows[0].word == Column{-1, 0, 1, 1, 1, -1});
  CHECK(windows[1].word == Column{-1, 3, 4, 5, -1});
  CHECK(windows[1].ids.front() == 0);
  CHECK(windows[1].ids.back() == 2);
  CHECK(covered(windows[0], words) == "the|un|believ|able");
}

TEST_CASE("a word that no window holds is cut, and its neighbours are kept", "[core][text]") {
  const std::vector<std::string_view> words = {"the", "unbelievable", "cat"};
  const auto windows = tiny().encode_words(words, 4);
  REQUIRE(windows.size() == 3);
  CHECK(covered(windows[0], words) == "the");
  CHECK(covered(windows[1], words) == "un|believ");
  CHECK(covered(windows[2], words) == "cat");
}

TEST_CASE("words without pieces give no window", "[core][text]") {
  CHECK(tiny().encode_words({}, 8).empty());
  CHECK(tiny().encode_words({"", " "}, 8).empty());
}

TEST_CASE("text that isn't UTF-8 is refused with the place", "[core][text]") {
  CHECK_THROWS_WITH(encode("the \xFF"), Contains("text: isn't UTF-8 at byte 4"));
  CHECK_THROWS_WITH(encode("the", "\xC3"), Contains("second text: isn't UTF-8 at byte 0"));
  CHECK_THROWS_WITH(tiny().encode_words({"a", "b\x80"}, 8),
                    Contains("word 1: isn't UTF-8 at byte 1"));
  CHECK_THROWS_AS(encode("\xED\xA0\x80"), Error);  // a surrogate
}

TEST_CASE("threads that share a tokenizer get the same pieces", "[core][text]") {
  const std::string text = "the cat sat on the <mask>, unbelievable 世界";
  const auto expected = encode(text);
  std::array<bool, 200> same{};
  parallel_for(200, 4, [&](std::int64_t i) {
    same.at(static_cast<std::size_t>(i)) = encode(text).ids == expected.ids;
  });
  CHECK(std::find(same.begin(), same.end(), false) == same.end());
}

TEST_CASE("the digest names the content of the tokenizer's files", "[core][text]") {
  const EncoderDirectory copy;
  for (const char* name : {kModelName, kJsonName})
    copy.write(name, read_file(golden_tokenizer() / name));
  CHECK(tiny().digest().size() == 64);
  CHECK(Tokenizer::load(copy.path())->digest() == tiny().digest());
  auto json = golden_json(kJsonName);
  json["model"]["vocab"][9][1] = -1.5;
  copy.write(kJsonName, json.dump());
  CHECK(Tokenizer::load(copy.path())->digest() != tiny().digest());
}

}  // namespace
}  // namespace sojourn
