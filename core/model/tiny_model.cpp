#include "core/model/tiny_model.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/model/safetensors.h"

namespace sojourn {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kHidden = 32;
constexpr std::int64_t kLayers = 4;
constexpr std::int64_t kIntermediate = 64;
constexpr std::int64_t kMaxTokens = 128;
constexpr std::int64_t kSpareRows = 5;
constexpr std::int64_t kPad = 1;
constexpr const char* kMetaspace = "\xE2\x96\x81";

// Scatters 32 bits (the finalizer of MurmurHash3).
std::uint32_t mix(std::uint32_t x) {
  x = (x ^ x >> 16U) * 0x85EBCA6BU;
  x = (x ^ x >> 13U) * 0xC2B2AE35U;
  return x ^ x >> 16U;
}

// Of at most 3 bytes.
std::string utf8(std::uint32_t code_point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (code_point < 0x80) return {byte(code_point)};
  const char last = byte(0x80U | (code_point & 0x3FU));
  if (code_point < 0x800) return {byte(0xC0U | code_point >> 6U), last};
  return {byte(0xE0U | code_point >> 12U), byte(0x80U | (code_point >> 6U & 0x3FU)), last};
}

// [piece, score] by id. Scores are irregular multiples of 2^-16: no two ways to cut a text tie.
Json pieces() {
  std::vector<std::string> texts = {"▁the", "▁d", "▁s", "th", "er", "in", "ei",
                                    "ch",   "wa", "an", "ст", "ал", "ال"};
  constexpr std::pair<std::uint32_t, std::uint32_t> kRanges[] = {
      {0x2581, 0x2581}, {0x61, 0x7A},   {0x41, 0x5A},   {0x30, 0x39},   {0x21, 0x2F},
      {0x3A, 0x3F},     {0xDF, 0xFC},   {0x3B1, 0x3C9}, {0x430, 0x44F}, {0x627, 0x63A},
      {0x641, 0x64A},   {0x915, 0x939}, {0x93E, 0x94D}, {0xE01, 0xE2E}, {0x3042, 0x3060}};
  for (const auto& [first, last] : kRanges) {
    for (std::uint32_t c = first; c <= last; ++c) texts.push_back(utf8(c));
  }
  Json scored = Json::array();
  for (const char* special : {"<s>", "<pad>", "</s>", "<unk>"}) {
    scored.push_back(Json::array({special, 0.0}));
  }
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    scored.push_back(Json::array({texts[i], -(2 + i / 64.0 + (mix(i) & 1023U) / 65536.0)}));
  }
  scored.push_back(Json::array({"<mask>", 0.0}));
  return scored;
}

Json tokenizer() {
  const Json vocabulary = pieces();
  Json added = Json::array();
  for (std::size_t id :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, vocabulary.size() - 1}) {
    added.push_back({{"content", vocabulary[id][0]},
                     {"id", id},
                     {"lstrip", false},
                     {"normalized", false},
                     {"rstrip", false},
                     {"single_word", false},
                     {"special", true}});
  }
  const auto token = [](const char* text) {
    return Json{{"SpecialToken", {{"id", text}, {"type_id", 0}}}};
  };
  const auto sequence = [](const char* name) {
    return Json{{"Sequence", {{"id", name}, {"type_id", 0}}}};
  };
  const auto special = [](const char* text, int id) {
    return Json{{"id", text}, {"ids", Json::array({id})}, {"tokens", Json::array({text})}};
  };
  const Json metaspace = {{"type", "Metaspace"},
                          {"replacement", kMetaspace},
                          {"prepend_scheme", "always"},
                          {"split", true}};
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added},
      {"normalizer", {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}}},
      {"pre_tokenizer", metaspace},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", Json::array({token("<s>"), sequence("A"), token("</s>")})},
        {"pair", Json::array({token("<s>"), sequence("A"), token("</s>"), token("</s>"),
                              sequence("B"), token("</s>")})},
        {"special_tokens", {{"<s>", special("<s>", 0)}, {"</s>", special("</s>", 2)}}}}},
      {"decoder", metaspace},
      {"model",
       {{"type", "Unigram"}, {"unk_id", 3}, {"vocab", vocabulary}, {"byte_fallback", false}}}};
}

Json tokenizer_config() {
  return {{"tokenizer_class", "XLMRobertaTokenizer"},
          {"model_max_length", kMaxTokens},
          {"bos_token", "<s>"},
          {"cls_token", "<s>"},
          {"eos_token", "</s>"},
          {"sep_token", "</s>"},
          {"pad_token", "<pad>"},
          {"unk_token", "<unk>"},
          {"mask_token", "<mask>"}};
}

Json config(EncoderType type, std::int64_t piece_count) {
  const bool bert = type == EncoderType::kBert;
  return {{"architectures", Json::array({bert ? "BertModel" : "XLMRobertaModel"})},
          {"model_type", bert ? "bert" : "xlm-roberta"},
          {"vocab_size", piece_count + kSpareRows},
          {"hidden_size", kHidden},
          {"num_hidden_layers", kLayers},
          {"num_attention_heads", 4},
          {"intermediate_size", kIntermediate},
          {"max_position_embeddings", kMaxTokens + (bert ? 0 : kPad + 1)},
          {"type_vocab_size", bert ? 2 : 1},
          {"layer_norm_eps", bert ? 1e-12 : 1e-5},
          {"hidden_act", "gelu"},
          {"hidden_dropout_prob", 0.1},
          {"attention_probs_dropout_prob", 0.1},
          {"bos_token_id", 0},
          {"pad_token_id", kPad},
          {"eos_token_id", 2},
          {"dtype", "float32"}};
}

// The tensors in the order of the file. Value j of tensor i is centre + spread * u, u in [-1, 1).
class Weights {
 public:
  explicit Weights(const Json& config) {
    const auto rows = [&](const char* key) {
      return std::vector<std::int64_t>{config[key], kHidden};
    };
    add("embeddings.word_embeddings.weight", rows("vocab_size"), 0, 0.5);
    add("embeddings.position_embeddings.weight", rows("max_position_embeddings"), 0, 0.5);
    add("embeddings.token_type_embeddings.weight", rows("type_vocab_size"), 0, 0.5);
    add_norm("embeddings.LayerNorm");
    for (std::int64_t i = 0; i < kLayers; ++i) {
      const std::string layer = "encoder.layer." + std::to_string(i) + ".";
      for (const char* name : {"query", "key", "value"}) {
        add_linear(layer + "attention.self." + name, kHidden, kHidden);
      }
      add_linear(layer + "attention.output.dense", kHidden, kHidden);
      add_norm(layer + "attention.output.LayerNorm");
      add_linear(layer + "intermediate.dense", kIntermediate, kHidden);
      add_linear(layer + "output.dense", kHidden, kIntermediate);
      add_norm(layer + "output.LayerNorm");
    }
  }

  const std::vector<TensorSource>& tensors() const { return tensors_; }

 private:
  void add(const std::string& name, const std::vector<std::int64_t>& shape, double centre,
           double spread) {
    const auto index = static_cast<std::uint32_t>(tensors_.size());
    tensors_.push_back(
        {name, shape, [shape, centre, spread, index] {
           const at::Tensor value = at::empty(shape, at::kFloat);
           auto* const to = value.mutable_data_ptr<float>();
           for (std::uint32_t j = 0; j < static_cast<std::uint32_t>(value.numel()); ++j) {
             const double u = mix((j + 1) * 0x9E3779B9U + index * 0x7F4A7C15U) / 2147483648.0 - 1;
             to[j] = static_cast<float>(centre + spread * u);
           }
           return value;
         }});
  }
  void add_linear(const std::string& name, std::int64_t out, std::int64_t in) {
    add(name + ".weight", {out, in}, 0, 0.3125);
    add(name + ".bias", {out}, 0, 0.125);
  }
  void add_norm(const std::string& name) {
    add(name + ".weight", {kHidden}, 1, 0.125);
    add(name + ".bias", {kHidden}, 0, 0.125);
  }

  std::vector<TensorSource> tensors_;
};

}  // namespace

void write_tiny_model(const std::filesystem::path& directory, EncoderType type) {
  const Json tokenizer_json = tokenizer();
  const Json config_json =
      config(type, static_cast<std::int64_t>(tokenizer_json["model"]["vocab"].size()));
  std::filesystem::create_directories(directory);
  write_file(directory / "config.json", config_json.dump() + "\n");
  write_file(directory / "tokenizer.json", tokenizer_json.dump() + "\n");
  write_file(directory / "tokenizer_config.json", tokenizer_config().dump() + "\n");
  write_safetensors(directory / "model.safetensors", Weights(config_json).tensors());
}

}  // namespace sojourn
