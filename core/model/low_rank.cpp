#include "core/model/low_rank.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

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

LowRank::LowRank(const std::string& module, std::int64_t out, std::int64_t in,
                 const Adapter& adapter, const RandomKey& key, at::Device device)
    : scale_(adapter.alpha / static_cast<double>(adapter.rank)),
      dropout_(adapter.dropout),
      stream_("adapter/" + module) {
  auto numbers = random_uniform(key, "init/" + stream_, adapter.rank * in);
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  const auto a = at::tensor(numbers, at::kFloat).mul_(2 * bound).sub_(bound);
  a_ = {module + ".lora_A.weight", a.view({adapter.rank, in}).to(device).requires_grad_(), true};
  b_ = {
      module + ".lora_B.weight",
      at::zeros({out, adapter.rank}, at::TensorOptions(device).dtype(at::kFloat)).requires_grad_(),
      true};
}

at::Tensor LowRank::add_to(const at::Tensor& y, const at::Tensor& x, const Packing& packing,
                           const StepRandom* random) const {
  const bool drops = random != nullptr && dropout_ > 0;
  const auto seen =
      drops ? dropout(x, DropoutMask(dropout_, {random->key, stream_, random->first_row}),
                      packing.tokens())
            : x;
  const auto inner = at::linear(seen, a_.value.to(x.scalar_type()));
  return at::addmm(y, inner, b_.value.to(x.scalar_type()).t(), 1, scale_);
}

at::Tensor LowRank::product() const { return at::matmul(b_.value, a_.value) * scale_; }

}  // namespace sojourn
