// Low-rank matrices beside the weights of a module (LoRA, arXiv 2106.09685).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/config/adapter.h"
#include "core/model/dropout.h"
#include "core/model/encoder_config.h"
#include "core/model/packing.h"
#include "core/model/parameter.h"

namespace sojourn {

// The modules of a layer that can have such matrices, as a checkpoint names them:
// "attention.self.query", ..
const std::vector<std::string>& adaptable_modules();

// Whether the adapter is for that module of a layer: one of its targets is the name, or the end of
// it after a dot, as in PEFT.
bool is_target(const Adapter& adapter, const std::string& module);

// Throws Error(kInput) at `where` for a target that is the name of no module, a rank above the
// width, a layer that the encoder hasn't.
void check_adapter(const Adapter& adapter, const EncoderConfig& config, const std::string& where);

// Two matrices A [rank, in] and B [out, rank]. The module gives W x + alpha / rank * B A d(x),
// where d is dropout in training. W may be a part of a larger weight: its rows [first, first +
// out).
class LowRank {
 public:
  // module: its whole name; weight: [out, in], W. As in PEFT, A is uniform in +-1 / sqrt(in) and B
  // is 0, so that nothing changes at first.
  LowRank(const std::string& module, const at::Tensor& weight, std::int64_t first,
          const Adapter& adapter, const RandomKey& key);

  // Adds to the module's columns of y in place. Of x, only x itself is kept for the backward pass:
  // what was dropped is dropped again there.
  //   y [N, out of the larger weight], x [N, in], both in one type
  at::Tensor add_to(const at::Tensor& y, const at::Tensor& x, const Packing& packing,
                    const StepRandom* random) const;
  // Adds to the module's rows of the larger weight: [.., in] float32.
  void merge_into(const at::Tensor& weight) const;

  std::vector<Parameter*> parameters() { return {&a_, &b_}; }

 private:
  std::int64_t first_;
  Parameter a_, b_;
  double scale_;
  double dropout_;
  std::string stream_;
};

}  // namespace sojourn
