#include <functional>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/text/tokenizer.h"
#include "tests/core/text/tokenizer_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using Catch::Contains;
using nlohmann::json;

// The message of loading `directory`, "" where it loads.
std::string message_of(const std::filesystem::path& directory) {
  try {
    Tokenizer::load(directory);
    return "";
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kInput);
    return error.what();
  }
}

std::string message_of_json(const json& content) {
  const EncoderDirectory directory;
  directory.write(kJsonName, content.dump());
  return message_of(directory.path());
}

TEST_CASE("a directory without a tokenizer names both files", "[core][text]") {
  const EncoderDirectory empty;
  const auto message = message_of(empty.path());
  CHECK_THAT(message, Contains(empty.path().string()));
  CHECK_THAT(message, Contains(kModelName));
  CHECK_THAT(message, Contains(kJsonName));
}

struct Surprise {
  const char* pointer;  // the value to replace, a JSON pointer
  json value;
  const char* message;  // what the error says
};

TEST_CASE("a surprise in tokenizer.json is named with its key", "[core][text]") {
  const std::vector<Surprise> surprises = {
      {"/model", nullptr, "model: found null, expected an object"},
      {"/model/type", "BPE", "model.type: found \"BPE\", expected \"Unigram\""},
      {"/model/byte_fallback", true, "model.byte_fallback: found true"},
      {"/model/unk_id", 0, "model.unk_id: found 0, expected 3"},
      {"/model/vocab", "x", "model.vocab: found \"x\", expected an array"},
      {"/model/vocab", json::array(), "model.vocab: found [], expected pieces"},
      {"/model/vocab/7", json::array({"a"}),
       "model.vocab[7]: found [\"a\"], expected [piece, score]"},
      {"/model/vocab/7/1", "-1", "model.vocab[7]"},
      {"/model/vocab/7/1", 1e300, "model.vocab[7]: found [\"!\",1e+300], expected a score"},
      {"/model/vocab/7/0", "", "model.vocab[7]: found [\"\","},
      {"/model/vocab/7/0", std::string("a\0b", 3), "model.vocab[7]"},
      {"/model/vocab/7/0", ",", "model.vocab[7]: found [\",\","},
      {"/model/vocab/1/0", "[PAD]", "expected the piece <pad>"},
      {"/model/vocab/-", json::array({"x", 0}), "expected the piece <mask>"},
      {"/normalizer", 3, "normalizer: found 3, expected an object"},
      {"/normalizer/type", "Lowercase",
       "normalizer.type: found \"Lowercase\", expected Precompiled"},
      {"/normalizer/normalizers/0/precompiled_charsmap",
       "A*==", "precompiled_charsmap: found \"A*==\", expected base64"},
      {"/normalizer/normalizers/0/precompiled_charsmap", "AAA", "expected base64"},
      {"/normalizer/normalizers/0/precompiled_charsmap", nullptr, "expected a string"},
      {"/normalizer/normalizers/0/precompiled_charsmap", "AAAA",
       "normalizers[0].precompiled_charsmap: isn't a compiled map"},
      {"/normalizer/normalizers/2/pattern/Regex", "e",
       "normalizer.normalizers[2].pattern.Regex: found \"e\""},
      {"/normalizer/normalizers/2/content", "x", "normalizer.normalizers[2].content: found \"x\""},
      {"/pre_tokenizer", nullptr, "pre_tokenizer: found null, expected a Metaspace"},
      {"/pre_tokenizer/type", "ByteLevel", "pre_tokenizer.type: found \"ByteLevel\""},
      {"/pre_tokenizer/pretokenizers/1/prepend_scheme", "never",
       "prepend_scheme: found \"never\", expected \"always\""},
      {"/pre_tokenizer/pretokenizers/1/replacement", "_", "replacement: found \"_\""},
      {"/added_tokens/4/id", 7, "added_tokens[4].id: found 7"},
      {"/added_tokens/4/content", "<x>", "added_tokens[4].content: found \"<x>\", expected one of"},
      {"/added_tokens/4/single_word", true, "added_tokens[4].single_word"},
      {"/added_tokens", nullptr, "added_tokens: found null, expected an array"},
  };
  for (const auto& surprise : surprises) {
    CAPTURE(surprise.pointer, surprise.value);
    auto content = golden_json(kJsonName);
    content[json::json_pointer(surprise.pointer)] = surprise.value;
    const auto message = message_of_json(content);
    CHECK_THAT(message, Contains(std::string(kJsonName) + ": "));
    CHECK_THAT(message, Contains(surprise.message));
  }
}

TEST_CASE("a piece that stands twice in tokenizer.json is named", "[core][text]") {
  auto content = golden_json(kJsonName);
  content["model"]["vocab"][9][0] = content["model"]["vocab"][8][0];
  CHECK_THAT(message_of_json(content),
             Contains("model.vocab[9]") && Contains("expected no piece twice"));
}

TEST_CASE("a tokenizer.json without a normaliser is fine", "[core][text]") {
  auto content = golden_json(kJsonName);
  content["normalizer"] = nullptr;
  CHECK(message_of_json(content).empty());
}

TEST_CASE("a tokenizer.json that isn't JSON is named", "[core][text]") {
  const EncoderDirectory directory;
  const auto* content = GENERATE("", "{", "[1", "\xFF", "{\"model\": {}} x");
  directory.write(kJsonName, content);
  CHECK_THAT(message_of(directory.path()), Contains(std::string(kJsonName) + ": isn't JSON"));
}

TEST_CASE("a tokenizer.json that contradicts the model beside it is refused", "[core][text]") {
  const EncoderDirectory directory;
  directory.write(kModelName, read_file(golden_tokenizer() / kModelName));
  auto content = golden_json(kJsonName);
  content["added_tokens"][4]["id"] = 250001;
  directory.write(kJsonName, content.dump());
  CHECK_THAT(message_of(directory.path()), Contains("added_tokens[4].id: found 250001"));
}

TEST_CASE("a file that is no sentencepiece model is named", "[core][text]") {
  const EncoderDirectory directory;
  const std::string content =
      GENERATE(std::string(), std::string("no model"), std::string(100, '\0'),
               std::string("\x0A\x7F", 2), std::string("version https://git-lfs"));
  directory.write(kModelName, content);
  CHECK_THAT(message_of(directory.path()), Contains(std::string(kModelName) + ": "));
}

TEST_CASE("a model whose first pieces aren't XLM-R's is refused", "[core][text]") {
  auto model = read_file(golden_tokenizer() / kModelName);
  model.replace(model.find("<s>"), 3, "[s]");
  const EncoderDirectory directory;
  directory.write(kModelName, model);
  CHECK_THAT(message_of(directory.path()), Contains("the first pieces aren't <unk> <s> </s>"));
}

// Loads a damaged file and, where it loads, encodes with it: either works or throws Error.
void survive(const EncoderDirectory& directory, const char* name, const std::string& content) {
  directory.write(name, content);
  try {
    const auto tokenizer = Tokenizer::load(directory.path());
    const std::string text = "the ㎞ … cafe\u0301 \u200b世界 <mask> 🐈";
    tokenizer->encode(text, text, 9, Overflow::kCutLongest, 0);
  } catch (const Error&) {
    SUCCEED();
  }
}

TEST_CASE("no damaged byte of a model crashes", "[core][text]") {
  const auto model = read_file(golden_tokenizer() / kModelName);
  const EncoderDirectory directory;
  for (std::size_t i = 0; i < model.size(); ++i) {
    auto flipped = model;
    flipped[i] = static_cast<char>(~static_cast<unsigned char>(flipped[i]));
    survive(directory, kModelName, flipped);
    auto nudged = model;
    nudged[i] = static_cast<char>(static_cast<unsigned char>(nudged[i]) ^ 1U);
    survive(directory, kModelName, nudged);
    survive(directory, kModelName, model.substr(0, i));
  }
}

}  // namespace
}  // namespace sojourn
