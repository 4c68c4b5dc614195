#include "core/model/encoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/model/checkpoint_reader.h"
#include "core/model/layer.h"
#include "core/model/saved_tensors.h"

namespace sojourn {

namespace {

// What a tokenizer needs beside the weights; those that exist are copied to where a stage is
// written.
constexpr std::array<const char*, 5> kTokenizerFiles = {
    "tokenizer.json", "tokenizer_config.json", "sentencepiece.bpe.model", "special_tokens_map.json",
    "added_tokens.json"};

// [N] int64 on the CPU, where they are looked up.
at::Tensor ids_of_tokens(const EncoderBatch& batch) {
  const auto padded = batch.ids.contiguous();
  const auto* row = padded.const_data_ptr<std::int64_t>();
  std::vector<std::int64_t> ids;
  for (const std::int64_t length : batch.lengths) {
    ids.insert(ids.end(), row, row + length);
    row += padded.size(1);
  }
  return at::tensor(ids, at::kLong);
}

}  // namespace

Encoder::Encoder(const std::filesystem::path& directory, at::Device device)
    : directory_(directory), config_(read_encoder_config(directory)), device_(device) {
  const CheckpointReader reader(directory, device);
  const std::int64_t h = config_.hidden_size;
  const auto parameter = [&](const std::string& name, const std::vector<std::int64_t>& shape,
                             bool decays) {
    return Parameter{name, reader.copy(name, shape), decays};
  };
  words_ =
      WordEmbeddings(reader.view("embeddings.word_embeddings.weight", {config_.vocab_size, h}));
  positions_ = parameter("embeddings.position_embeddings.weight", {config_.max_positions, h}, true);
  types_ = parameter("embeddings.token_type_embeddings.weight", {config_.type_vocab_size, h}, true);
  norm_weight_ = parameter("embeddings.LayerNorm.weight", {h}, false);
  norm_bias_ = parameter("embeddings.LayerNorm.bias", {h}, false);
  for (std::int64_t i = 0; i < config_.layers; ++i)
    layers_.push_back(std::make_unique<TransformerLayer>(config_, i, reader));
}

Encoder::~Encoder() = default;

void Encoder::set_precision(Precision precision) noexcept {
  precision_ = precision;
  drop_copies();
}

at::Tensor Encoder::embed(const EncoderBatch& batch, const Packing& packing,
                          const StepRandom* random) const {
  const auto positions =
      at::embedding(positions_.value, packing.columns() + config_.first_position());
  const auto sum = words_.lookup(ids_of_tokens(batch)) + types_.value.select(0, 0) + positions;
  auto normed = at::layer_norm(sum, {config_.hidden_size}, norm_weight_.value, norm_bias_.value,
                               config_.layer_norm_eps);
  if (random == nullptr || config_.hidden_dropout == 0) return normed;
  return dropout(
      normed,
      DropoutMask(config_.hidden_dropout, {random->key, "encoder/embeddings", random->first_row}),
      packing.tokens());
}

HiddenStates Encoder::forward(const EncoderBatch& batch, std::int64_t highest_layer,
                              const StepRandom* random) const {
  if (batch.ids.size(1) > config_.max_tokens() || highest_layer > config_.layers) {
    throw Error(ErrorKind::kInternal, "encoder",
                "a batch is wider, or a layer higher, than the encoder");
  }
  HiddenStates states(Packing(batch.lengths, batch.ids.size(1), device_));
  const LayerCall call{precision_, states.packing(), random};
  Hidden hidden{embed(batch, states.packing(), random), {}};
  states.add(hidden.value);
  for (std::int64_t i = 0; i < highest_layer; ++i) {
    hidden = layers_[static_cast<std::size_t>(i)]->forward(hidden, call);
    states.add(hidden.value);
  }
  return states;
}

at::Tensor Encoder::word_table() const {
  if (!word_table_.defined()) {
    word_table_ = words_.table().to(precision_ == Precision::kBf16 ? at::kBFloat16 : at::kFloat);
  }
  return word_table_;
}

std::vector<Parameter> Encoder::begin_training(const std::vector<std::int64_t>& active_ids,
                                               std::int64_t highest_layer) {
  leave_adapter();
  auto rows = active_ids;  // and padding, which is looked up too, though no gradient reaches it
  if (!std::binary_search(rows.begin(), rows.end(), config_.pad_id)) {
    rows.insert(std::lower_bound(rows.begin(), rows.end(), config_.pad_id), config_.pad_id);
  }
  words_.begin_training(rows);
  trained_layers_ = highest_layer;
  auto trained = trained_parameters();
  for (const auto& parameter : trained) parameter.value.requires_grad_();
  parameters_changed();
  return trained;
}

std::vector<Parameter> Encoder::begin_adapting(const Adapter& adapter, std::int64_t highest_layer,
                                               const RandomKey& key) {
  leave_adapter();
  Adapted adapted{adapter, {}, {}};
  std::string digests;
  for (std::int64_t layer = 1; layer <= highest_layer; ++layer) {
    const auto& chosen = adapter.layers;
    if (!chosen.empty() && std::ranges::find(chosen, layer) == chosen.end()) continue;
    const auto weights = layers_[static_cast<std::size_t>(layer - 1)]->adapt(adapter, key);
    if (!weights.empty()) adapted.layers.push_back(layer);
    for (const auto& weight : weights) {
      const auto bytes = weight.to(at::kCPU).contiguous();
      digests += sha256({static_cast<const char*>(bytes.const_data_ptr()),
                         static_cast<std::size_t>(bytes.nbytes())});
    }
  }
  if (adapted.layers.empty()) {
    throw input_error("adapter.layers", "none of them is among the layers 1 to " +
                                            std::to_string(highest_layer) +
                                            ", which are all that the stage's tasks see");
  }
  adapted.base = sha256(digests);
  adapted_ = std::move(adapted);
  return trained_parameters();
}

std::vector<Parameter> Encoder::trained_parameters() const {
  if (adapted_) {
    std::vector<Parameter> trained;
    for (const auto& layer : layers_) {
      for (const auto* parameter : layer->adapter_parameters()) trained.push_back(*parameter);
    }
    return trained;
  }
  if (active_ids().empty()) return {};
  std::vector<Parameter> trained{words_.trained(), positions_, types_, norm_weight_, norm_bias_};
  for (std::int64_t i = 0; i < trained_layers_; ++i) {
    for (const auto* parameter : layers_[static_cast<std::size_t>(i)]->parameters())
      trained.push_back(*parameter);
  }
  return trained;
}

// The weights that were trained beside stay as they are, and so do copies of them.
void Encoder::parameters_changed() {
  if (!adapted_) drop_copies();
}

void Encoder::drop_copies() {
  word_table_ = at::Tensor();
  for (const auto& layer : layers_) layer->parameters_changed();
}

void Encoder::pause_training(double untouched_factor) {
  if (!adapted_) words_.pause_training(untouched_factor);
}

void Encoder::resume_training() {
  if (adapted_) return;
  words_.resume_training();
  parameters_changed();  // copies that were made without gradients
}

void Encoder::merge_adapter() {
  const at::NoGradGuard no_grad;
  for (const auto& layer : layers_) layer->merge_adapters();
  drop_copies();
}

void Encoder::leave_adapter() {
  if (!adapted_) return;
  merge_adapter();
  for (const auto& layer : layers_) layer->drop_adapters();
  adapted_.reset();
}

void Encoder::end_training(double untouched_factor) {
  if (adapted_) {
    for (const auto& layer : layers_) {
      for (auto* parameter : layer->adapter_parameters())
        parameter->value = parameter->value.detach();
    }
    if (adapted_->adapter.merge) merge_adapter();
    return;
  }
  words_.end_training(untouched_factor);
  for (auto* parameter : {&positions_, &types_, &norm_weight_, &norm_bias_}) {
    parameter->value = parameter->value.detach();
  }
  for (const auto& layer : layers_) {
    for (auto* parameter : layer->parameters()) parameter->value = parameter->value.detach();
  }
  parameters_changed();
}

void Encoder::save(const std::filesystem::path& directory) const {
  const at::NoGradGuard no_grad;
  std::vector<TensorSource> tensors;
  tensors.push_back({"embeddings.word_embeddings.weight",
                     {config_.vocab_size, config_.hidden_size},
                     [this] { return words_.table().to(at::kCPU).contiguous(); }});
  for (const auto* parameter : {&positions_, &types_, &norm_weight_, &norm_bias_})
    tensors.push_back(saved(parameter->name, parameter->value));
  for (const auto& layer : layers_) {
    for (const auto& [name, value] : layer->checkpoint_tensors())
      tensors.push_back(saved(name, value));
  }
  std::filesystem::create_directories(directory);
  write_safetensors(directory / "model.safetensors", tensors);

  auto config = config_.raw;
  config["architectures"] = {config_.type == EncoderType::kBert ? "BertModel" : "XLMRobertaModel"};
  config.erase("torch_dtype");
  config["dtype"] = "float32";
  write_file(directory / "config.json", config.dump(2) + "\n");
  for (const char* name : kTokenizerFiles) {
    if (std::filesystem::exists(directory_ / name))
      write_file(directory / name, read_file(directory_ / name));
  }
}

}  // namespace sojourn
