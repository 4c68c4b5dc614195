#include "core/model/head_inputs.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"

namespace sojourn {

namespace {

// [B, T] int64: 1 for tokens, 0 for padding.
at::Tensor attention_mask(const std::vector<std::int64_t>& lengths, std::int64_t width) {
  return at::arange(width, at::kLong)
      .unsqueeze(0)
      .lt(at::tensor(lengths, at::kLong).unsqueeze(1))
      .to(at::kLong);
}

// [B * C, ...] to [B, C, ...] for features with choices.
at::Tensor by_feature(const at::Tensor& rows, const Batch& batch) {
  if (!batch.has_choices) return rows;
  auto shape = rows.sizes().vec();
  shape[0] = batch.choices;
  shape.insert(shape.begin(), batch.size);
  return rows.view(shape);
}

// Of the tokens where `mask` [B, T] is 1: [B, T, H] -> [B, H]
at::Tensor mean_where(const at::Tensor& hidden, const at::Tensor& mask) {
  const auto counted = mask.to(hidden.options()).unsqueeze(2);  // [B, T, 1]
  return (hidden * counted).sum(1) / counted.sum(1);
}

}  // namespace

std::int64_t resolve_layer(std::int64_t layer, const EncoderConfig& config,
                           const std::string& where) {
  const std::int64_t resolved = layer < 0 ? config.layers + 1 + layer : layer;
  if (resolved < 0 || resolved > config.layers) {
    throw input_error(where, "layer " + std::to_string(layer) +
                                 " does not exist; the encoder has hidden states 0 to " +
                                 std::to_string(config.layers) + ", or -1 for the last");
  }
  return resolved;
}

std::int64_t highest_layer(const std::vector<InputSpec>& inputs, const EncoderConfig& config,
                           const std::string& where) {
  std::int64_t highest = 0;
  for (const auto& input : inputs) {
    if (input.kind == InputSpec::Kind::kHidden || input.kind == InputSpec::Kind::kMean ||
        input.kind == InputSpec::Kind::kInnerMean) {
      highest = std::max(highest, resolve_layer(input.layer, config, where));
    }
  }
  return highest;
}

at::Tensor mean_pool(const at::Tensor& hidden, const std::vector<std::int64_t>& lengths) {
  return mean_where(hidden, attention_mask(lengths, hidden.size(1)));
}

at::Tensor inner_mean_pool(const at::Tensor& hidden, const std::vector<std::int64_t>& lengths) {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> end;
  for (const std::int64_t length : lengths) {
    first.push_back(length > 2 ? 1 : 0);
    end.push_back(length > 2 ? length - 1 : length);
  }
  const auto column = [](const std::vector<std::int64_t>& numbers) {
    return at::tensor(numbers, at::kLong).unsqueeze(1);
  };
  const auto places = at::arange(hidden.size(1), at::kLong).unsqueeze(0);
  return mean_where(hidden, places.ge(column(first)).logical_and(places.lt(column(end))));
}

std::vector<at::Tensor> head_inputs(const Encoder& encoder, const Batch& batch,
                                    const Manifest& manifest, const std::vector<InputSpec>& inputs,
                                    const StepRandom* random) {
  const auto& config = encoder.config();
  const auto states = encoder.forward({batch.ids, batch.lengths},
                                      highest_layer(inputs, config, manifest.name), random);
  std::vector<at::Tensor> tensors;
  for (const auto& input : inputs) {
    const auto state = [&] {
      return states.layer(resolve_layer(input.layer, config, manifest.name));
    };
    switch (input.kind) {
      case InputSpec::Kind::kHidden:
        tensors.push_back(by_feature(state(), batch));
        break;
      case InputSpec::Kind::kMean:
        tensors.push_back(by_feature(mean_pool(state(), batch.lengths), batch));
        break;
      case InputSpec::Kind::kInnerMean:
        tensors.push_back(by_feature(inner_mean_pool(state(), batch.lengths), batch));
        break;
      case InputSpec::Kind::kAttentionMask:
        tensors.push_back(by_feature(attention_mask(batch.lengths, batch.ids.size(1)), batch)
                              .to(encoder.device()));
        break;
      case InputSpec::Kind::kWordEmbeddings:
        tensors.push_back(encoder.word_table());
        break;
      case InputSpec::Kind::kField:
        for (std::size_t f = 1; f < manifest.fields.size(); ++f) {
          if (manifest.fields[f].name == input.field)
            tensors.push_back(batch.fields[f].to(encoder.device()));
        }
        break;
    }
  }
  return tensors;
}

}  // namespace sojourn
