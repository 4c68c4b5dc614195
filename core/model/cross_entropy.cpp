#include "core/model/cross_entropy.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/where.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sojourn {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kIgnored = -100;
constexpr std::int64_t kNumbersAtOnce = 1 << 22;  // in float32, beside input and gradient

// Calls body(first, rows) for successive rows of `input` that are few enough to be wide numbers.
template <typename Body>
void for_each_part(const at::Tensor& input, const Body& body) {
  const std::int64_t part =
      std::max<std::int64_t>(1, kNumbersAtOnce / std::max<std::int64_t>(1, input.size(1)));
  for (std::int64_t first = 0; first < input.size(0); first += part)
    body(first, std::min(part, input.size(0) - first));
}

// [N, 1]: the targets, 0 where the row is left out.
at::Tensor classes(const at::Tensor& target) {
  return at::where(target.ne(kIgnored), target, 0).unsqueeze(1);
}

struct CrossEntropyFunction : torch::autograd::Function<CrossEntropyFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& target) {
    const auto log_sums = at::empty({input.size(0)}, input.options().dtype(at::kFloat));
    for_each_part(input, [&](std::int64_t first, std::int64_t rows) {
      log_sums.narrow(0, first, rows)
          .copy_(at::logsumexp(input.narrow(0, first, rows).to(at::kFloat), 1));
    });
    context->save_for_backward({input, target, log_sums});
    const auto logits = input.gather(1, classes(target)).squeeze(1).to(at::kFloat);
    return at::where(target.ne(kIgnored), log_sums - logits, 0).sum();
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& input = saved[0];
    const auto chosen = classes(saved[1]);
    const auto ignored = saved[1].eq(kIgnored).unsqueeze(1);
    const auto log_sums = saved[2].unsqueeze(1);
    auto gradient = at::empty_like(input);
    for_each_part(input, [&](std::int64_t first, std::int64_t rows) {
      auto part = (input.narrow(0, first, rows).to(at::kFloat) - log_sums.narrow(0, first, rows))
                      .exp_();  // softmax
      const auto one = at::full({rows, 1}, -1, part.options());
      part.scatter_add_(1, chosen.narrow(0, first, rows), one);
      part.mul_(gradients[0]).masked_fill_(ignored.narrow(0, first, rows), 0);
      gradient.narrow(0, first, rows).copy_(part);
    });
    return {gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor cross_entropy(const at::Tensor& input, const at::Tensor& target) {
  return CrossEntropyFunction::apply(input, target);
}

}  // namespace sojourn
