#include "core/train/adamw.h"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace sojourn {

AdamW::AdamW(const std::vector<Parameter>& parameters, const AdamWSettings& settings)
    : settings_(settings) {
  const at::NoGradGuard no_grad;
  for (const auto& parameter : parameters) {
    slots_.push_back({parameter, at::zeros_like(parameter.value), at::zeros_like(parameter.value),
                      at::zeros({}, parameter.value.options())});
  }
  std::stable_partition(slots_.begin(), slots_.end(),
                        [](const Slot& slot) { return slot.parameter.decays; });
}

double AdamW::gradient_norm() const {
  std::vector<at::Tensor> gradients;
  for (const auto& slot : slots_) {
    if (slot.parameter.value.grad().defined()) gradients.push_back(slot.parameter.value.grad());
  }
  if (gradients.empty()) return 0;
  // All at once, since a GPU is waited for each time that a number is read from it.
  const auto norms = at::stack(at::_foreach_norm(gradients)).to(at::kCPU);
  double sum = 0;
  for (std::int64_t i = 0; i < norms.size(0); ++i) {
    const double norm = norms.const_data_ptr<float>()[i];
    sum += norm * norm;
  }
  return std::sqrt(sum);
}

void AdamW::update(bool decays, double rate, double divisor) {
  std::vector<at::Tensor> values;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> first;
  std::vector<at::Tensor> second;
  std::vector<at::Tensor> steps;
  for (const Slot& slot : slots_) {
    const at::Tensor& value = slot.parameter.value;
    if (slot.parameter.decays != decays || !value.grad().defined()) continue;
    values.push_back(value);
    gradients.push_back(value.grad());
    first.push_back(slot.first_moment);
    second.push_back(slot.second_moment);
    steps.push_back(slot.steps);
  }
  if (values.empty()) return;
  at::_foreach_add_(steps, 1);
  // The kernel divides gradients by this, so that neither the mean nor the clipping costs a pass of
  // its own.
  const auto scale = at::full({}, divisor, values[0].options());
  at::_fused_adamw_(values, gradients, first, second, /*max_exp_avg_sqs=*/{}, steps, rate,
                    settings_.beta1, settings_.beta2, decays ? settings_.weight_decay : 0.0,
                    settings_.epsilon, /*amsgrad=*/false, /*maximize=*/false, scale);
  for (auto& value : values) value.mutable_grad() = at::Tensor();
}

double AdamW::step(double rate, double items) {
  const at::NoGradGuard no_grad;
  const double norm = gradient_norm() / items;
  if (!std::isfinite(norm)) return norm;  // nothing to learn from; the caller stops
  // 1e-6 as in torch.nn.utils.clip_grad_norm_.
  const double kept = std::min(1.0, settings_.max_grad_norm / (norm + 1e-6));
  for (const bool decays : {true, false}) update(decays, rate, items / kept);
  untouched_factor_ *= 1.0 - rate * settings_.weight_decay;
  return norm;
}

}  // namespace sojourn
