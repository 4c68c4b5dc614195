// A BERT-like encoder: hidden states of every layer, its trained parameters, and its Hugging Face
// directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/config/adapter.h"
#include "core/model/dropout.h"
#include "core/model/encoder_config.h"
#include "core/model/packing.h"
#include "core/model/parameter.h"
#include "core/model/precision.h"
#include "core/model/word_embeddings.h"

namespace sojourn {

// Rows padded on the right.
struct EncoderBatch {
  at::Tensor ids;                     // [B, T] int64, on the CPU
  std::vector<std::int64_t> lengths;  // [B], each in [1, T]
};

// The hidden states of a batch, kept without padding.
class HiddenStates {
 public:
  explicit HiddenStates(Packing packing) : packing_(std::move(packing)) {}

  void add(at::Tensor packed) { packed_.push_back(std::move(packed)); }
  // [B, T, hidden] float32, 0 at padding.
  at::Tensor layer(std::int64_t layer) const {
    return packing_.unpack(packed_.at(static_cast<std::size_t>(layer)));
  }
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(packed_.size()); }
  const Packing& packing() const noexcept { return packing_; }

 private:
  Packing packing_;
  std::vector<at::Tensor> packed_;  // [N, hidden]
};

class TransformerLayer;

class Encoder {
 public:
  // Reads config.json and the weights of a Hugging Face directory, type xlm-roberta or bert, with
  // or without a model prefix ("bert.", "roberta.") before the names; a pooler or a head in it is
  // ignored. Throws Error(kInput) naming file and tensor for what is missing or of a wrong shape.
  Encoder(const std::filesystem::path& directory, at::Device device);
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  const EncoderConfig& config() const noexcept { return config_; }
  at::Device device() const noexcept { return device_; }

  // What matrix products are computed in; layer norms, residuals and softmax stay float32.
  void set_precision(Precision precision) noexcept;

  // Hidden states 0 (output of the embeddings) to highest_layer. With `random`, dropout is on as
  // the configuration says; without, it is off.
  //
  // Source: BertModel and XLMRobertaModel of Hugging Face transformers, which it equals within
  // rounding.
  HiddenStates forward(const EncoderBatch& batch, std::int64_t highest_layer,
                       const StepRandom* random) const;

  // The word embeddings [vocabulary, hidden] in the precision of matrix products, to score each
  // word by. In a stage whose active ids are all that there are, gradients flow to them, beside
  // those of looking words up; in any other stage it is an internal error.
  at::Tensor word_table() const;

  // Starts a stage: makes all parameters up to highest_layer trainable, of the word embeddings only
  // the rows `active_ids` (sorted, distinct), and returns them. Ids outside may not be trained on
  // until end_training.
  std::vector<Parameter> begin_training(const std::vector<std::int64_t>& active_ids,
                                        std::int64_t highest_layer);
  // Starts a stage that leaves all of these as they are, and trains new low-rank matrices beside
  // the weights of the adapter's modules, in its layers up to highest_layer; returns them. Their
  // first values depend on seed and role of `key`. Throws Error(kInput) where no layer gets any.
  std::vector<Parameter> begin_adapting(const Adapter& adapter, std::int64_t highest_layer,
                                        const RandomKey& key);
  // After each optimizer step: drops what was derived from the old values.
  void parameters_changed();
  // Between two steps: the encoder may score, also ids that aren't active; its hidden states are
  // those of an encoder whose stage ends here. Until resume_training().
  void pause_training(double untouched_factor);
  void resume_training();
  // Ends a stage. Matrices of an adapter are added to the weights if it merges, else forward() goes
  // on to use them beside the weights, and the next stage begins with adding them.
  // What AdamW would have done to the rows that got no gradient is a multiplication
  // by `untouched_factor`, the product of 1 - rate * decay over the steps.
  void end_training(double untouched_factor);

  // What the last begin_training returned, with today's values, and for which rows and layers; none
  // where there was no stage.
  std::vector<Parameter> trained_parameters() const;
  const std::vector<std::int64_t>& active_ids() const noexcept { return words_.active_ids(); }
  std::int64_t trained_layers() const noexcept { return trained_layers_; }
  double untouched_factor() const noexcept { return words_.untouched_factor(); }

  // The adapter of the last stage, if that trained one, and the SHA-256 of the weights that it was
  // trained beside.
  struct Adapted {
    Adapter adapter;
    std::vector<std::int64_t> layers;  // that have matrices
    std::string base;
  };
  const std::optional<Adapted>& adapted() const noexcept { return adapted_; }

  // Writes config.json and model.safetensors (float32) under the names of the bare model, without
  // matrices that are kept apart, and copies the tokenizer's files of the directory that the
  // encoder came from.
  void save(const std::filesystem::path& directory) const;

 private:
  void drop_copies();
  void merge_adapter();
  void leave_adapter();
  at::Tensor embed(const EncoderBatch& batch, const Packing& packing,
                   const StepRandom* random) const;

  std::filesystem::path directory_;
  EncoderConfig config_;
  at::Device device_;
  Precision precision_ = Precision::kFp32;
  WordEmbeddings words_;
  mutable at::Tensor word_table_;  // made when it is first asked for
  Parameter positions_, types_, norm_weight_, norm_bias_;
  std::vector<std::unique_ptr<TransformerLayer>> layers_;
  std::int64_t trained_layers_ = 0;
  std::optional<Adapted> adapted_;
};

}  // namespace sojourn
