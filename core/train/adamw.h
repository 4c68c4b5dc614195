// AdamW over a stage's parameters, with clipping of the whole gradient.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/parameter.h"

namespace sojourn {

struct AdamWSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  // of parameters that decay
  double max_grad_norm = 1.0;
};

// Source: Loshchilov and Hutter, 1711.05101, with the bias correction and the order of operations
// of torch.optim.AdamW, whose fused kernel does the work in one pass over each tensor.
class AdamW {
 public:
  // A parameter and what the optimizer knows of it. The tensors are the optimizer's own: what is
  // written into them counts.
  struct Slot {
    Parameter parameter;
    at::Tensor first_moment, second_moment;
    at::Tensor steps;  // a float: updates so far
  };

  AdamW(const std::vector<Parameter>& parameters, const AdamWSettings& settings);

  // One update from the accumulated gradients, of a loss that was summed over `items`; frees them.
  // First they are divided by items, then scaled down to max_grad_norm if their norm is larger.
  // Returns the norm of the gradient of the mean loss, before clipping; where that isn't finite,
  // nothing was updated. A parameter without a gradient stays as it is.
  double step(double rate, double items);

  // Product of 1 - rate * weight_decay over the steps: what happened to a decaying value whose
  // gradient was 0 at every step.
  double untouched_factor() const noexcept { return untouched_factor_; }
  void set_untouched_factor(double factor) noexcept { untouched_factor_ = factor; }

  // Those that decay first, else in the order given.
  const std::vector<Slot>& slots() const noexcept { return slots_; }

 private:
  double gradient_norm() const;
  void update(bool decays, double rate, double divisor);

  AdamWSettings settings_;
  std::vector<Slot> slots_;
  double untouched_factor_ = 1;
};

}  // namespace sojourn
