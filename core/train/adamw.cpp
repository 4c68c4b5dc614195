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
    : settings_(settings), groups_{{settings.weight_decay, {}, {}, {}, {}}, {0.0, {}, {}, {}, {}}} {
  const at::NoGradGuard no_grad;
  for (const auto& parameter : parameters) {
    Group& group = groups_[parameter.decays ? 0 : 1];
    group.values.push_back(parameter.value);
    group.first_moments.push_back(at::zeros_like(parameter.value));
    group.second_moments.push_back(at::zeros_like(parameter.value));
    group.steps.push_back(at::zeros({}, parameter.value.options()));
  }
}

double AdamW::gradient_norm() const {
  std::vector<at::Tensor> gradients;
  for (const auto& group : groups_) {
    for (const auto& value : group.values) {
      if (value.grad().defined()) gradients.push_back(value.grad());
    }
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

double AdamW::step(double rate, double items) {
  const at::NoGradGuard no_grad;
  const double norm = gradient_norm() / items;
  if (!std::isfinite(norm)) return norm;  // nothing to learn from; the caller stops
  // 1e-6 as in torch.nn.utils.clip_grad_norm_.
  const double kept = std::min(1.0, settings_.max_grad_norm / (norm + 1e-6));
  for (auto& group : groups_) {
    std::vector<at::Tensor> values;
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> first;
    std::vector<at::Tensor> second;
    std::vector<at::Tensor> steps;
    for (std::size_t i = 0; i < group.values.size(); ++i) {
      if (!group.values[i].grad().defined()) continue;
      values.push_back(group.values[i]);
      gradients.push_back(group.values[i].grad());
      first.push_back(group.first_moments[i]);
      second.push_back(group.second_moments[i]);
      steps.push_back(group.steps[i]);
    }
    if (values.empty()) continue;
    at::_foreach_add_(steps, 1);
    // The kernel divides gradients by this, so that neither the mean nor the clipping costs a pass
    // of its own.
    const auto divisor = at::full({}, items / kept, values[0].options());
    at::_fused_adamw_(values, gradients, first, second, /*max_exp_avg_sqs=*/{}, steps, rate,
                      settings_.beta1, settings_.beta2, group.weight_decay, settings_.epsilon,
                      /*amsgrad=*/false, /*maximize=*/false, divisor);
    for (auto& value : values) value.mutable_grad() = at::Tensor();
  }
  untouched_factor_ *= 1.0 - rate * settings_.weight_decay;
  return norm;
}

}  // namespace sojourn
