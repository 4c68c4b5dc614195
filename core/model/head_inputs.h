// From a collated batch through the encoder to what a head sees.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/data/batches.h"
#include "core/data/manifest.h"
#include "core/model/encoder.h"

namespace sojourn {

// The layer that a manifest's or a config's number means: -1 is the last one. Throws Error(kInput)
// at `where` when there is no such layer.
std::int64_t resolve_layer(std::int64_t layer, const EncoderConfig& config,
                           const std::string& where);

// The highest layer that any of the inputs asks for; 0 where none asks for hidden states.
std::int64_t highest_layer(const std::vector<InputSpec>& inputs, const EncoderConfig& config,
                           const std::string& where);

// Sentence vectors: the average of the token vectors that aren't padding.
//
//   hidden   [B, T, H] float32
//   lengths  [B], each in [1, T]
//   return   [B, H] float32, not length-normalised
//
// Source: XTREME's retrieval script: all tokens count, special ones too.
at::Tensor mean_pool(const at::Tensor& hidden, const std::vector<std::int64_t>& lengths);

// The same of the tokens but the first and the last, which the tokenizer adds to a text; of all
// where there are none between.
at::Tensor inner_mean_pool(const at::Tensor& hidden, const std::vector<std::int64_t>& lengths);

// What a head sees, in the order of `inputs`: hidden [B, T, H] or [B, C, T, H], mean [B, H] or
// [B, C, H], attention_mask int64 [B, T] or [B, C, T], word_embeddings [V, H] in the encoder's
// precision, fields as collated; all on the encoder's device. The manifest is that of the batch.
std::vector<at::Tensor> head_inputs(const Encoder& encoder, const Batch& batch,
                                    const Manifest& manifest, const std::vector<InputSpec>& inputs,
                                    const StepRandom* random);

}  // namespace sojourn
