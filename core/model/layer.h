// One transformer layer: self-attention and feed-forward, each followed by dropout, residual and
// layer norm.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/checkpoint_reader.h"
#include "core/model/dropout.h"
#include "core/model/encoder_config.h"
#include "core/model/low_rank.h"
#include "core/model/packing.h"
#include "core/model/parameter.h"
#include "core/model/precision.h"
#include "core/model/residual_norm.h"

namespace sojourn {

// What the layers of one forward pass share.
struct LayerCall {
  Precision precision;
  const Packing& packing;
  const StepRandom* random;  // null: no dropout
};

class TransformerLayer {
 public:
  TransformerLayer(const EncoderConfig& config, std::int64_t index, const CheckpointReader& reader);

  Hidden forward(const Hidden& hidden, const LayerCall& call) const;

  // Query, key and value are one parameter here, [3 * hidden, hidden], since one product is faster
  // than three.
  std::vector<Parameter*> parameters();
  // Under the names of the checkpoint.
  std::vector<std::pair<std::string, at::Tensor>> checkpoint_tensors() const;
  void parameters_changed();

  // Puts new low-rank matrices beside the weights of the adapter's modules, and returns these
  // modules' weights.
  std::vector<at::Tensor> adapt(const Adapter& adapter, const RandomKey& key);
  // Theirs; none where there are none.
  std::vector<Parameter*> adapter_parameters();
  // Adds their products to the weights. From then on they count for nothing in forward().
  void merge_adapters();
  void drop_adapters();

 private:
  // A matrix and its bias, with a copy in the precision of the products for as long as they don't
  // change.
  struct Linear {
    Parameter weight, bias;
    mutable at::Tensor weight_copy, bias_copy;
    std::vector<LowRank> adapters = {};
    bool merged = false;

    at::Tensor apply(const at::Tensor& x, const LayerCall& call) const;
    at::Tensor apply(const Hidden& x, const LayerCall& call) const;
  };
  struct Norm {
    Parameter weight, bias;
  };

  at::Tensor attend(const at::Tensor& qkv, const RowGroup& group, const LayerCall& call) const;
  at::Tensor attend(const at::Tensor& qkv, const LayerCall& call) const;
  Hidden add_and_normalize(const Hidden& residual, const at::Tensor& x, const Norm& norm,
                           const char* site, const LayerCall& call) const;
  std::string stream(const char* site) const;
  std::array<Linear*, 4> linears() { return {&qkv_, &attention_output_, &intermediate_, &output_}; }

  const EncoderConfig& config_;
  std::int64_t index_;
  std::string prefix_;
  Linear qkv_, attention_output_, intermediate_, output_;
  Norm attention_norm_, output_norm_;
};

}  // namespace sojourn
