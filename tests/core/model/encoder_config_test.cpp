#include "core/model/encoder_config.h"

#include <string>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using Catch::Contains;

nlohmann::json small_config(const std::string& model_type) {
  return {{"model_type", model_type},
          {"vocab_size", 100},
          {"hidden_size", 32},
          {"num_hidden_layers", 4},
          {"num_attention_heads", 2},
          {"intermediate_size", 64},
          {"max_position_embeddings", 66},
          {"type_vocab_size", 1},
          {"pad_token_id", 1},
          {"layer_norm_eps", 1e-5},
          {"hidden_act", "gelu"},
          {"hidden_dropout_prob", 0.1},
          {"attention_probs_dropout_prob", 0.0},
          {"something_new", {1, 2}}};
}

class EncoderConfigFixture {
 protected:
  EncoderConfig read(const std::string& content) const {
    write_file(directory_.path() / "config.json", content);
    return read_encoder_config(directory_.path());
  }
  std::string failure(const std::string& content) const {
    return input_error_of([&] { read(content); });
  }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

TEST_CASE_METHOD(EncoderConfigFixture, "each type numbers its positions in its own way",
                 "[core][model]") {
  const auto xlmr = read(small_config("xlm-roberta").dump());
  CHECK(xlmr.type == EncoderType::kXlmRoberta);
  CHECK(xlmr.first_position() == 2);
  CHECK(xlmr.max_tokens() == 64);

  const auto bert = read(small_config("bert").dump());
  CHECK(bert.type == EncoderType::kBert);
  CHECK(bert.first_position() == 0);
  CHECK(bert.max_tokens() == 66);
}

TEST_CASE_METHOD(EncoderConfigFixture, "sizes, rates and unknown keys are kept", "[core][model]") {
  const auto config = read(small_config("bert").dump());
  CHECK(config.vocab_size == 100);
  CHECK(config.hidden_size == 32);
  CHECK(config.layers == 4);
  CHECK(config.heads == 2);
  CHECK(config.intermediate_size == 64);
  CHECK(config.type_vocab_size == 1);
  CHECK(config.pad_id == 1);
  CHECK(config.layer_norm_eps == 1e-5);
  CHECK(config.hidden_dropout == 0.1);
  CHECK(config.attention_dropout == 0.0);
  CHECK(config.raw == small_config("bert"));
}

TEST_CASE_METHOD(EncoderConfigFixture, "a key that isn't what an encoder needs is named",
                 "[core][model]") {
  using Json = nlohmann::json;
  const auto [key, value, message] = GENERATE(table<std::string, Json, std::string>({
      {"model_type", "gpt2", R"(found '"gpt2"', expected "bert" or "xlm-roberta")"},
      {"model_type", nullptr, R"(expected "bert" or "xlm-roberta")"},
      {"vocab_size", "100", "expected a whole number from 1"},
      {"vocab_size", 100.0, "found '100.0', expected a whole number"},
      {"vocab_size", 0, "found '0', expected a whole number from 1"},
      {"vocab_size", ~std::uint64_t{0}, "found '18446744073709551615'"},
      {"hidden_size", -32, "found '-32'"},
      {"num_hidden_layers", true, "found 'true'"},
      {"num_attention_heads", 3, "found 3, expected a divisor of hidden_size, 32"},
      {"intermediate_size", 0, "found '0'"},
      {"max_position_embeddings", 2, "expected a whole number from 3"},
      {"type_vocab_size", 0, "found '0'"},
      {"pad_token_id", 100, "expected a whole number from 0 to 99"},
      {"pad_token_id", nullptr, "found 'null'"},
      {"layer_norm_eps", -1e-5, "expected a number from 0"},
      {"hidden_dropout_prob", 1.0, "to below 1"},
      {"attention_probs_dropout_prob", "0.1", "expected a number"},
      {"hidden_act", "relu", R"(found '"relu"', expected "gelu")"},
      {"position_embedding_type", "relative_key", R"(expected "absolute")"},
      {"is_decoder", true, "expected false"},
  }));
  Json config = small_config("xlm-roberta");
  config[key] = value;
  CAPTURE(key, value);
  const std::string found = failure(config.dump());
  CHECK_THAT(found, Contains((path() / "config.json").string() + ": key '" + key + "'"));
  CHECK_THAT(found, Contains(message));
}

TEST_CASE_METHOD(EncoderConfigFixture, "a key that is missing is named", "[core][model]") {
  for (const std::string key :
       {"model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "max_position_embeddings", "type_vocab_size", "pad_token_id",
        "layer_norm_eps", "hidden_dropout_prob", "attention_probs_dropout_prob"}) {
    auto config = small_config("bert");
    config.erase(key);
    CHECK_THAT(failure(config.dump()), Contains("key '" + key + "': found nothing"));
  }
}

TEST_CASE_METHOD(EncoderConfigFixture, "config.json must be there and be an object",
                 "[core][model]") {
  CHECK_THAT(input_error_of([&] { read_encoder_config(path()); }), Contains("config.json"));
  CHECK_THAT(failure("{\"model_type\": \"bert\","), Contains("isn't JSON"));
  CHECK_THAT(failure("[1]"), Contains("expected an object"));
  CHECK_THAT(failure(R"({"model_type":"bert","model_type":"bert"})"),
             Contains("'model_type' is there twice"));
  CHECK_THAT(failure(std::string(100'000, '[')), Contains("nested deeper"));
  CHECK_THAT(failure(R"({"vocab_size":1e999})"), Contains("isn't JSON"));
}

}  // namespace
}  // namespace sojourn
