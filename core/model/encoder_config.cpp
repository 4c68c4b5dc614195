#include "core/model/encoder_config.h"

#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_object.h"

namespace sojourn {

namespace {

using Json = nlohmann::json;

constexpr int kConfigDepth = 16;
constexpr std::int64_t kLargest =
    1'000'000'000;  // of any size; keeps products of two within 64 bits

// One file's keys; errors name file and key.
class Keys {
 public:
  Keys(std::string where, const Json& json) : where_(std::move(where)), json_(json) {}

  Error error(const char* key, const std::string& what) const {
    return input_error(where_, std::string("key '") + key + "': " + what);
  }

  const Json& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) throw error(key, "found nothing, expected a value");
    return *found;
  }

  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most = kLargest) const {
    const Json& value = at(key);
    // A value past 64 bits signed would wrap; the unsigned limit is checked in its own type.
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() ||
                       value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kLargest));
    if (!fits || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
      throw error(key, "found " + shown(value.dump()) + ", expected a whole number from " +
                           std::to_string(least) + " to " + std::to_string(most));
    }
    return value.get<std::int64_t>();
  }

  double probability(const char* key) const {
    const Json& value = at(key);
    if (!value.is_number() || !(value.get<double>() >= 0) || !(value.get<double>() < 1)) {
      throw error(key, "found " + shown(value.dump()) + ", expected a number from 0 to below 1");
    }
    return value.get<double>();
  }

  // Where the key is left out, its value is what is expected here.
  void must_be(const char* key, const Json& expected) const {
    const auto found = json_.find(key);
    if (found == json_.end() || *found == expected) return;
    throw error(key, "found " + shown(found->dump()) + ", expected " + expected.dump() +
                         ", all that is supported");
  }

 private:
  std::string where_;
  const Json& json_;
};

EncoderType read_type(const Keys& keys) {
  const Json& type = keys.at("model_type");
  if (type == "bert") return EncoderType::kBert;
  if (type == "xlm-roberta") return EncoderType::kXlmRoberta;
  throw keys.error("model_type",
                   "found " + shown(type.dump()) + ", expected \"bert\" or \"xlm-roberta\"");
}

}  // namespace

EncoderConfig read_encoder_config(const std::filesystem::path& directory) {
  const auto file = directory / "config.json";
  EncoderConfig config;
  config.raw = parse_json_object(read_file(file), file.string(), kConfigDepth);
  const Keys keys(file.string(), config.raw);
  config.type = read_type(keys);
  config.vocab_size = keys.integer("vocab_size", 1);
  config.hidden_size = keys.integer("hidden_size", 1);
  config.layers = keys.integer("num_hidden_layers", 1);
  config.heads = keys.integer("num_attention_heads", 1);
  config.intermediate_size = keys.integer("intermediate_size", 1);
  config.type_vocab_size = keys.integer("type_vocab_size", 1);
  config.pad_id = keys.integer("pad_token_id", 0, config.vocab_size - 1);
  config.max_positions = keys.integer("max_position_embeddings", config.first_position() + 1);
  config.layer_norm_eps = keys.probability("layer_norm_eps");
  config.hidden_dropout = keys.probability("hidden_dropout_prob");
  config.attention_dropout = keys.probability("attention_probs_dropout_prob");
  if (config.hidden_size % config.heads != 0) {
    throw keys.error("num_attention_heads", "found " + std::to_string(config.heads) +
                                                ", expected a divisor of hidden_size, " +
                                                std::to_string(config.hidden_size));
  }
  keys.must_be("hidden_act", "gelu");
  keys.must_be("position_embedding_type", "absolute");
  keys.must_be("is_decoder", false);  // it would attend to the left only
  return config;
}

std::uintmax_t weight_bytes(const EncoderConfig& config) {
  constexpr std::uintmax_t kFloat = 4;
  const auto h = static_cast<std::uintmax_t>(config.hidden_size);
  const auto i = static_cast<std::uintmax_t>(config.intermediate_size);
  const auto layers = static_cast<std::uintmax_t>(config.layers);
  const auto rows = static_cast<std::uintmax_t>(config.vocab_size + config.max_positions +
                                                config.type_vocab_size + 2);
  return kFloat * (layers * (4 * h * h + 4 * h + 2 * h * i + i + h + 4 * h) + rows * h);
}

}  // namespace sojourn
