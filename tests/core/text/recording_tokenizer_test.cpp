#include "core/text/recording_tokenizer.h"

#include <thread>

#include "tests/plugins/stub_tokenizer.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// Knows no word that begins with a question mark.
class ForgetfulTokenizer : public StubTokenizer {
 public:
  std::vector<Encoding> encode(std::string_view a, std::optional<std::string_view> b,
                               std::int64_t max_tokens, Overflow overflow,
                               std::int64_t stride) const override {
    auto windows = StubTokenizer::encode(a, b, max_tokens, overflow, stride);
    for (auto& id : windows[0].ids) id = id == 10 + '?' ? 3 : id;
    return windows;
  }
};

NotedExample noted(std::string_view a, std::optional<std::string_view> b, std::int64_t max_tokens) {
  const ForgetfulTokenizer tokenizer;
  const RecordingTokenizer recorder(tokenizer);
  NotedExample example;
  const RecordingTokenizer::Recording recording(example);
  recorder.encode(a, b, max_tokens, Overflow::kCutLongest, 0);
  return example;
}

NotedExample noted_words(const std::vector<std::string_view>& words, std::int64_t max_tokens) {
  const StubTokenizer tokenizer;
  const RecordingTokenizer recorder(tokenizer);
  NotedExample example;
  const RecordingTokenizer::Recording recording(example);
  recorder.encode_words(words, max_tokens);
  return example;
}

TEST_CASE("the normal form ignores case of ASCII letters and kinds of white space",
          "[core][text]") {
  CHECK(normal_form("  The\tDog\r\n runs ") == "the dog runs");
  CHECK(normal_form("a\u00a0b\u3000c\u200bd\ufeff") == "a b c d");
  CHECK(normal_form("ÄRGER Ж") == "Ärger Ж");
  CHECK(normal_form("猫 𝄞") == "猫 𝄞");
  CHECK(normal_form(" \n").empty());
}

TEST_CASE("both texts of a pair are noted, with their roles and lengths in characters",
          "[core][text]") {
  const auto pair = noted("Wo ist  Bär", "HIER", 64);
  REQUIRE(pair.texts.size() == 2);
  CHECK(pair.texts[0].role == TextRole::kFirst);
  CHECK(pair.texts[0].characters == 10);
  CHECK(pair.texts[1].role == TextRole::kSecond);
  CHECK(pair.texts[1].hash == noted("hier", std::nullopt, 64).texts[0].hash);
  CHECK(pair.texts[1].hash == noted_words({"hier"}, 64).texts[0].hash);
  CHECK(pair.texts[0].hash != pair.texts[1].hash);
  CHECK(noted(" ", std::nullopt, 64).texts.empty());
}

TEST_CASE("words are noted as a sentence", "[core][text]") {
  const auto sentence = noted_words({"the", "Dog"}, 64);
  REQUIRE(sentence.texts.size() == 1);
  CHECK(sentence.texts[0].role == TextRole::kWords);
  CHECK(sentence.texts[0].hash == noted("the dog", std::nullopt, 64).texts[0].hash);
}

TEST_CASE("pieces are counted as if nothing were cut, and only what is cut is too long",
          "[core][text]") {
  const auto exact = noted("a b c d", std::nullopt, 6);  // <s> a b c d </s>
  CHECK(exact.pieces == 4);
  CHECK_FALSE(exact.too_long);
  const auto cut = noted("a b c d e", std::nullopt, 6);
  CHECK(cut.pieces == 5);
  CHECK(cut.too_long);
  const auto pair = noted("a b", "c d e", 8);  // <s> a b </s></s> c d e </s>
  CHECK(pair.pieces == 5);
  CHECK(pair.too_long);
  const auto split = noted_words({"a", "b", "c", "d", "e"}, 4);
  CHECK(split.pieces == 5);
  CHECK(split.too_long);
  CHECK_FALSE(noted_words({"a", "b"}, 4).too_long);
}

TEST_CASE("unknown pieces are counted where they are cut off too", "[core][text]") {
  CHECK(noted("a ?b c", std::nullopt, 64).unknown == 1);
  CHECK(noted("a b c ?d ?e", std::nullopt, 6).unknown == 2);
}

TEST_CASE("letters are told apart by script, and marks and digits are none", "[core][text]") {
  const auto mixed = noted("Ça, 12 «да» 猫!… ที่", std::nullopt, 64);
  CHECK(mixed.latin == 2);
  CHECK(mixed.other == 6);  // д а 猫, and three signs of Thai
}

TEST_CASE("single texts beside a pair were only measured", "[core][text]") {
  const StubTokenizer tokenizer;
  const RecordingTokenizer recorder(tokenizer);
  NotedExample example;
  const RecordingTokenizer::Recording recording(example);
  const auto encode = [&](std::string_view a, std::optional<std::string_view> b) {
    recorder.encode(a, b, 6, Overflow::kCutLongest, 0);
  };
  encode("a b c d e", std::nullopt);
  encode("a", "b");
  encode("a b c d e", std::nullopt);
  encode("a", "c");
  CHECK(example.texts.size() == 4);
  CHECK(example.texts[0].role == TextRole::kFirst);
  CHECK(example.pieces == 4);
  CHECK_FALSE(example.too_long);
}

TEST_CASE("what other threads encode is their own", "[core][text]") {
  const StubTokenizer tokenizer;
  const RecordingTokenizer recorder(tokenizer);
  NotedExample example;
  const auto encode = [&] { recorder.encode("x", std::nullopt, 64, Overflow::kCutLongest, 0); };
  {
    const RecordingTokenizer::Recording recording(example);
    std::thread(encode).join();
    CHECK(example.texts.empty());
    encode();
  }
  encode();
  CHECK(example.texts.size() == 1);
}

}  // namespace
}  // namespace sojourn
