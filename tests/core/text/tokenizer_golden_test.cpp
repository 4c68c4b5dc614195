// Against what the tokenizers library made of the same files (tests/tokenizer/make_golden.py).
#include <iostream>

#include "core/base/file.h"
#include "core/text/tokenizer.h"
#include "tests/core/text/tokenizer_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using nlohmann::json;
using Column = std::vector<std::int64_t>;

constexpr std::int64_t kPlenty = 512;

Encoding encode_one(const Tokenizer& tokenizer, const std::string& text) {
  const auto windows = tokenizer.encode(text, std::nullopt, kPlenty, Overflow::kCutLongest, 0);
  REQUIRE(windows.size() == 1);
  return windows[0];
}

// The tiny tokenizer from its .model, and from its tokenizer.json alone.
std::vector<std::unique_ptr<const Tokenizer>> both_routes() {
  const EncoderDirectory json_only;
  json_only.write(kJsonName, read_file(golden_tokenizer() / kJsonName));
  const EncoderDirectory model_only;
  model_only.write(kModelName, read_file(golden_tokenizer() / kModelName));
  std::vector<std::unique_ptr<const Tokenizer>> tokenizers;
  tokenizers.push_back(Tokenizer::load(json_only.path()));
  tokenizers.push_back(Tokenizer::load(model_only.path()));
  tokenizers.push_back(Tokenizer::load(golden_tokenizer()));
  return tokenizers;
}

TEST_CASE("texts get the ids and byte ranges of the tokenizers library", "[core][text]") {
  const auto cases = golden_json("cases.json");
  REQUIRE(cases["texts"].size() > 12);
  for (const auto& tokenizer : both_routes()) {
    for (const auto& expected : cases["texts"]) {
      CAPTURE(expected["name"]);
      const auto encoding = encode_one(*tokenizer, expected["text"]);
      CHECK(encoding.ids == expected["ids"].get<Column>());
      CHECK(encoding.begin == expected["begin"].get<Column>());
      CHECK(encoding.end == expected["end"].get<Column>());
    }
  }
}

TEST_CASE("too long texts are cut and windowed as by the tokenizers library", "[core][text]") {
  const auto tokenizer = Tokenizer::load(golden_tokenizer());
  const auto cases = golden_json("cases.json");
  REQUIRE(cases["windows"].size() > 50);
  for (const auto& expected : cases["windows"]) {
    CAPTURE(expected.dump());
    const auto a = expected["a"].get<std::string>();
    std::optional<std::string> b;
    if (!expected["b"].is_null()) b = expected["b"].get<std::string>();
    const bool slides = !expected["stride"].is_null();
    const auto windows = tokenizer->encode(a, b, expected["max_tokens"],
                                           slides ? Overflow::kSlideSecond : Overflow::kCutLongest,
                                           slides ? expected["stride"].get<std::int64_t>() : 0);
    REQUIRE(windows.size() == expected["windows"].size());
    for (std::size_t i = 0; i < windows.size(); ++i) {
      CHECK(windows[i].ids == expected["windows"][i]["ids"].get<Column>());
      CHECK(windows[i].sequence == expected["windows"][i]["sequence"].get<Column>());
    }
  }
}

TEST_CASE("words get the ids and word indices of the tokenizers library", "[core][text]") {
  const auto tokenizer = Tokenizer::load(golden_tokenizer());
  const auto cases = golden_json("cases.json");
  REQUIRE(cases["words"].size() == 2);
  for (const auto& expected : cases["words"]) {
    CAPTURE(expected.dump());
    const auto words = expected["words"].get<std::vector<std::string>>();
    const auto windows = tokenizer->encode_words({words.begin(), words.end()}, kPlenty);
    REQUIRE(windows.size() == 1);
    CHECK(windows[0].ids == expected["ids"].get<Column>());
    CHECK(windows[0].word == expected["word"].get<Column>());
  }
}

TEST_CASE("the starter encoder's ids are those of the tokenizers library", "[core][text]") {
  const auto directory = cache_directory() / "multilingual-e5-small";
  if (!std::filesystem::exists(directory / kJsonName)) {
    std::cout << "SKIPPED: no tokenizer.json in " << directory << "\n";
    return;
  }
  const auto cases = golden_json("multilingual-e5-small.json");
  REQUIRE(cases["texts"].size() > 12);
  const EncoderDirectory json_only;
  std::filesystem::create_symlink(directory / kJsonName, json_only.path() / kJsonName);
  for (const auto& path : {directory, json_only.path()}) {
    const auto tokenizer = Tokenizer::load(path);
    CHECK(tokenizer->id_count() == 250002);
    CHECK(tokenizer->mask_id() == 250001);
    for (const auto& expected : cases["texts"]) {
      CAPTURE(path, expected["name"]);
      CHECK(encode_one(*tokenizer, expected["text"]).ids == expected["ids"].get<Column>());
    }
  }
}

}  // namespace
}  // namespace sojourn
