#include "core/model/low_rank.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace sojourn {

const std::vector<std::string>& adaptable_modules() {
  static const std::vector<std::string> modules{"attention.self.query", "attention.self.key",
                                                "attention.self.value", "attention.output.dense",
                                                "intermediate.dense",   "output.dense"};
  return modules;
}

namespace {

bool names(const std::string& target, const std::string& module) {
  return module == target || module.ends_with("." + target);
}

}  // namespace

bool is_target(const Adapter& adapter, const std::string& module) {
  return std::ranges::any_of(adapter.targets,
                             [&](const auto& target) { return names(target, module); });
}

void check_adapter(const Adapter& adapter, const EncoderConfig& config, const std::string& where) {
  const auto& modules = adaptable_modules();
  for (const auto& target : adapter.targets) {
    if (std::ranges::any_of(modules, [&](const auto& module) { return names(target, module); }))
      continue;
    throw input_error(where, "adapter.targets holds '" + target +
                                 "', which no module of a layer is called; there are: " +
                                 join(modules, ", ") + ", or the ends of these after a dot");
  }
  if (adapter.rank > config.hidden_size) {
    throw input_error(where, "adapter.rank is " + std::to_string(adapter.rank) +
                                 ", expected at most the encoder's width, " +
                                 std::to_string(config.hidden_size));
  }
  for (const std::int64_t layer : adapter.layers) {
    if (layer <= config.layers) continue;
    throw input_error(where, "adapter.layers holds " + std::to_string(layer) +
                                 ", the encoder has the layers 1 to " +
                                 std::to_string(config.layers));
  }
}

namespace {

// Where a module's columns begin, and what is dropped of its input.
struct Site {
  std::int64_t first;
  double scale;
  std::optional<DropoutMask> mask;
  at::Tensor tokens;

  at::Tensor drop(const at::Tensor& x) const { return mask ? dropout(x, *mask, tokens) : x; }
};

struct AddLowRank : torch::autograd::Function<AddLowRank> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& y,
                            const at::Tensor& x, const at::Tensor& a, const at::Tensor& b,
                            const Site& site) {
    const auto inner = at::linear(site.drop(x), a);
    y.narrow(1, site.first, b.size(0)).addmm_(inner, b.t(), 1, site.scale);
    context->mark_dirty({y});
    context->save_for_backward({x, a, b, inner});
    context->saved_data["first"] = site.first;
    context->saved_data["scale"] = site.scale;
    if (site.mask) {
      context->saved_data["mask"] = site.mask->state();
      context->saved_data["tokens"] = site.tokens;
    }
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto& [x, a, b, inner] = std::tie(saved[0], saved[1], saved[2], saved[3]);
    auto& data = context->saved_data;
    Site site{data["first"].toInt(), data["scale"].toDouble(), {}, {}};
    if (const auto mask = data.find("mask"); mask != data.end()) {
      site.mask.emplace(mask->second.toIntVector());
      site.tokens = data["tokens"].toTensor();
    }
    const auto own = gradients[0].narrow(1, site.first, b.size(0));
    const auto to_inner = at::matmul(own, b).mul_(site.scale);
    at::Tensor to_x;
    if (context->needs_input_grad(1)) to_x = site.drop(at::matmul(to_inner, a));
    return {gradients[0],
            to_x,
            at::matmul(to_inner.t(), site.drop(x)),
            at::matmul(own.t(), inner).mul_(site.scale),
            {}};
  }
};

}  // namespace

LowRank::LowRank(const std::string& module, const at::Tensor& weight, std::int64_t first,
                 const Adapter& adapter, const RandomKey& key)
    : first_(first),
      scale_(adapter.alpha / static_cast<double>(adapter.rank)),
      dropout_(adapter.dropout),
      stream_("adapter/" + module) {
  const std::int64_t in = weight.size(1);
  auto numbers = random_uniform(key, "init/" + stream_, adapter.rank * in);
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  const auto a = at::tensor(numbers, at::kFloat).mul_(2 * bound).sub_(bound);
  a_ = {module + ".lora_A.weight", a.view({adapter.rank, in}).to(weight.device()).requires_grad_(),
        true};
  b_ = {module + ".lora_B.weight",
        at::zeros({weight.size(0), adapter.rank}, weight.options()).requires_grad_(), true};
}

at::Tensor LowRank::add_to(const at::Tensor& y, const at::Tensor& x, const Packing& packing,
                           const StepRandom* random) const {
  Site site{first_, scale_, {}, {}};
  if (random != nullptr && dropout_ > 0) {
    site.mask.emplace(dropout_, DropoutKey{random->key, stream_, random->first_row});
    site.tokens = packing.tokens();
  }
  return AddLowRank::apply(y, x, a_.value.to(x.scalar_type()), b_.value.to(x.scalar_type()), site);
}

void LowRank::merge_into(const at::Tensor& weight) const {
  weight.narrow(0, first_, b_.value.size(0)).add_(at::matmul(b_.value, a_.value) * scale_);
}

}  // namespace sojourn
