#include "core/model/layer.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>

namespace sojourn {

namespace {

constexpr const char* kProjections[] = {"query", "key", "value"};

}  // namespace

TransformerLayer::TransformerLayer(const EncoderConfig& config, std::int64_t index,
                                   const CheckpointReader& reader)
    : config_(config), index_(index), prefix_("encoder.layer." + std::to_string(index) + ".") {
  const std::int64_t h = config.hidden_size;
  const std::int64_t f = config.intermediate_size;
  const auto linear = [&](const std::string& name, std::int64_t out, std::int64_t in) {
    return Linear{
        {prefix_ + name + ".weight", reader.copy(prefix_ + name + ".weight", {out, in}), true},
        {prefix_ + name + ".bias", reader.copy(prefix_ + name + ".bias", {out}), false},
        {},
        {}};
  };
  const auto norm = [&](const std::string& name) {
    return Norm{{prefix_ + name + ".weight", reader.copy(prefix_ + name + ".weight", {h}), false},
                {prefix_ + name + ".bias", reader.copy(prefix_ + name + ".bias", {h}), false}};
  };
  std::vector<at::Tensor> weights;
  std::vector<at::Tensor> biases;
  for (const char* projection : kProjections) {
    const std::string name = prefix_ + "attention.self." + projection;
    weights.push_back(reader.view(name + ".weight", {h, h}));
    biases.push_back(reader.view(name + ".bias", {h}));
  }
  qkv_ = {{prefix_ + "attention.self.qkv.weight", at::cat(weights), true},
          {prefix_ + "attention.self.qkv.bias", at::cat(biases), false},
          {},
          {}};
  attention_output_ = linear("attention.output.dense", h, h);
  attention_norm_ = norm("attention.output.LayerNorm");
  intermediate_ = linear("intermediate.dense", f, h);
  output_ = linear("output.dense", h, f);
  output_norm_ = norm("output.LayerNorm");
}

at::Tensor TransformerLayer::Linear::apply(const at::Tensor& x, const LayerCall& call) const {
  const bool copies = call.precision == Precision::kBf16;
  if (copies && !weight_copy.defined()) {
    weight_copy = weight.value.to(at::kBFloat16);
    bias_copy = bias.value.to(at::kBFloat16);
  }
  const auto typed = copies ? x.to(at::kBFloat16) : x;
  auto y = copies ? at::linear(typed, weight_copy, bias_copy)
                  : at::linear(typed, weight.value, bias.value);
  if (merged) return y;
  for (const LowRank& adapter : adapters) y = adapter.add_to(y, typed, call.packing, call.random);
  return y;
}

at::Tensor TransformerLayer::Linear::apply(const Hidden& x, const LayerCall& call) const {
  return apply(x.product.defined() ? x.product : x.value, call);
}

std::vector<at::Tensor> TransformerLayer::adapt(const Adapter& adapter, const RandomKey& key) {
  std::vector<at::Tensor> weights;
  const auto put = [&](Linear& linear, const std::string& module, std::int64_t first,
                       std::int64_t count) {
    if (!is_target(adapter, module)) return;
    weights.push_back(linear.weight.value.narrow(0, first, count));
    linear.adapters.emplace_back(prefix_ + module, weights.back(), first, adapter, key);
  };
  drop_adapters();
  const auto& modules = adaptable_modules();
  const std::int64_t h = config_.hidden_size;
  for (std::int64_t i = 0; i < 3; ++i) put(qkv_, modules[static_cast<std::size_t>(i)], i * h, h);
  put(attention_output_, modules[3], 0, h);
  put(intermediate_, modules[4], 0, config_.intermediate_size);
  put(output_, modules[5], 0, h);
  return weights;
}

std::vector<Parameter*> TransformerLayer::adapter_parameters() {
  std::vector<Parameter*> all;
  for (Linear* linear : linears()) {
    for (LowRank& low_rank : linear->adapters) {
      const auto own = low_rank.parameters();
      all.insert(all.end(), own.begin(), own.end());
    }
  }
  return all;
}

void TransformerLayer::merge_adapters() {
  for (Linear* linear : linears()) {
    if (linear->merged) continue;
    for (const LowRank& low_rank : linear->adapters) low_rank.merge_into(linear->weight.value);
    linear->merged = true;
  }
}

void TransformerLayer::drop_adapters() {
  for (Linear* linear : linears()) {
    linear->adapters.clear();
    linear->merged = false;
  }
}

std::string TransformerLayer::stream(const char* site) const {
  return "encoder/layer." + std::to_string(index_) + "/" + site;
}

// qkv: [rows, width, 3 * hidden] -> [rows, width, hidden]
at::Tensor TransformerLayer::attend(const at::Tensor& qkv, const RowGroup& group,
                                    const LayerCall& call) const {
  const std::int64_t size = config_.hidden_size / config_.heads;
  const auto parts = qkv.view({group.rows, group.width, 3, config_.heads, size})
                         .permute({2, 0, 3, 1, 4})
                         .unbind(0);
  at::Tensor context;
  if (call.random == nullptr || config_.attention_dropout == 0) {
    const auto bias =
        group.bias.defined() ? std::optional(group.bias.to(qkv.scalar_type())) : std::nullopt;
    context = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], bias);
  } else {
    // Written out: the fused kernel of the CPU has no dropout, and its fallback draws from the
    // global generator.
    const double scale = 1.0 / std::sqrt(static_cast<double>(size));
    auto scores = at::matmul(parts[0] * scale, parts[1].transpose(-1, -2));
    if (group.bias.defined()) scores = scores + group.bias;
    const DropoutKey key{call.random->key, stream("attention"),
                         call.random->first_row + group.first_row};
    const auto weights =
        dropout(at::softmax(scores, -1, at::kFloat), config_.attention_dropout, key);
    context = at::matmul(weights.to(qkv.scalar_type()), parts[2]);
  }
  return context.transpose(1, 2).reshape({group.rows, group.width, config_.hidden_size});
}

at::Tensor TransformerLayer::attend(const at::Tensor& qkv, const LayerCall& call) const {
  std::vector<at::Tensor> contexts;
  for (const RowGroup& group : call.packing.groups()) {
    const auto own = qkv.narrow(0, group.first_token, group.tokens);
    contexts.push_back(group.pack(attend(group.unpack(own), group, call)));
  }
  return contexts.size() == 1 ? contexts[0] : at::cat(contexts);
}

Hidden TransformerLayer::add_and_normalize(const Hidden& residual, const at::Tensor& x,
                                           const Norm& norm, const char* site,
                                           const LayerCall& call) const {
  ResidualNorm last{
      norm.weight.value, norm.bias.value, config_.layer_norm_eps, {}, call.packing.tokens()};
  if (call.random != nullptr && config_.hidden_dropout > 0) {
    last.mask.emplace(config_.hidden_dropout,
                      DropoutKey{call.random->key, stream(site), call.random->first_row});
  }
  return residual_norm(residual.value, x, last);
}

Hidden TransformerLayer::forward(const Hidden& hidden, const LayerCall& call) const {
  const auto context = attend(qkv_.apply(hidden, call), call);
  const auto attended = add_and_normalize(hidden, attention_output_.apply(context, call),
                                          attention_norm_, "attention.output", call);
  const auto inner = at::gelu(intermediate_.apply(attended, call));
  return add_and_normalize(attended, output_.apply(inner, call), output_norm_, "output", call);
}

std::vector<Parameter*> TransformerLayer::parameters() {
  std::vector<Parameter*> all;
  for (Linear* linear : linears()) all.insert(all.end(), {&linear->weight, &linear->bias});
  for (Norm* norm : {&attention_norm_, &output_norm_})
    all.insert(all.end(), {&norm->weight, &norm->bias});
  return all;
}

std::vector<std::pair<std::string, at::Tensor>> TransformerLayer::checkpoint_tensors() const {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  const auto weights = qkv_.weight.value.chunk(3);
  const auto biases = qkv_.bias.value.chunk(3);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name = prefix_ + "attention.self." + kProjections[i];
    tensors.emplace_back(name + ".weight", weights[i]);
    tensors.emplace_back(name + ".bias", biases[i]);
  }
  for (const Linear* linear : {&attention_output_, &intermediate_, &output_}) {
    tensors.emplace_back(linear->weight.name, linear->weight.value);
    tensors.emplace_back(linear->bias.name, linear->bias.value);
  }
  for (const Norm* norm : {&attention_norm_, &output_norm_}) {
    tensors.emplace_back(norm->weight.name, norm->weight.value);
    tensors.emplace_back(norm->bias.name, norm->bias.value);
  }
  return tensors;
}

void TransformerLayer::parameters_changed() {
  for (Linear* linear : linears()) {
    linear->weight_copy = at::Tensor();
    linear->bias_copy = at::Tensor();
  }
}

}  // namespace sojourn
