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

// The inputs in the manifest's order: hidden [B, T, H] or [B, C, T, H], mean [B, H] or [B, C, H],
// attention_mask int64 [B, T] or [B, C, T], word_embeddings [V, H] in the encoder's precision,
// fields as collated; all on the encoder's device.
std::vector<at::Tensor> head_inputs(const Encoder& encoder, const Batch& batch,
                                    const Manifest& manifest, const StepRandom* random);

}  // namespace sojourn
