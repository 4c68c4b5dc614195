#include "core/model/residual_norm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/model/clones.h"
#include "core/model/intra_op.h"

namespace sojourn {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kRowsPerTask = 32;  // fixed, so that sums over rows have one order
constexpr std::int64_t kLanes = 16;

// The sum of term(0) .. term(n - 1), in lanes so that the compiler may use vector registers.
template <typename Term>
[[gnu::always_inline]] inline float sum(std::int64_t n, const Term& term) {
  std::array<float, kLanes> lanes{};
  std::int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    for (std::int64_t k = 0; k < kLanes; ++k) lanes[static_cast<std::size_t>(k)] += term(j + k);
  }
  float total = 0;
  for (; j < n; ++j) total += term(j);
  for (const float lane : lanes) total += lane;
  return total;
}

SOJOURN_CLONES void widen(const at::BFloat16* from, std::int64_t n, float* to) {
  for (std::int64_t j = 0; j < n; ++j) to[j] = static_cast<float>(from[j]);
}

SOJOURN_CLONES void narrow(const float* from, std::int64_t n, at::BFloat16* to) {
  for (std::int64_t j = 0; j < n; ++j) to[j] = static_cast<at::BFloat16>(from[j]);
}

SOJOURN_CLONES void add(const float* from, std::int64_t n, float* to) {
  for (std::int64_t j = 0; j < n; ++j) to[j] += from[j];
}

// What the backward pass needs of a row beside its sum.
struct Moments {
  float mean, rstd;
};

SOJOURN_CLONES Moments normalize(const float* residual, const float* x, const float* factors,
                                 const float* weight, const float* bias, float eps, std::int64_t n,
                                 float* added, float* out) {
  for (std::int64_t j = 0; j < n; ++j) added[j] = residual[j] + x[j] * factors[j];
  const auto size = static_cast<float>(n);
  const float mean = sum(n, [&](std::int64_t j) { return added[j]; }) / size;
  const float variance =
      sum(n, [&](std::int64_t j) { return (added[j] - mean) * (added[j] - mean); }) / size;
  const float rstd = 1.F / std::sqrt(variance + eps);
  for (std::int64_t j = 0; j < n; ++j) out[j] = (added[j] - mean) * rstd * weight[j] + bias[j];
  return {mean, rstd};
}

// From the gradient of a row: those of the residual and of x, and what it adds to those of weight
// and bias.
SOJOURN_CLONES void normalize_backward(const float* gradient, const float* added, Moments moments,
                                       const float* factors, const float* weight, std::int64_t n,
                                       float* residual, float* x, float* weight_sum,
                                       float* bias_sum) {
  const float mean = moments.mean;
  const float rstd = moments.rstd;
  const auto size = static_cast<float>(n);
  const float first = sum(n, [&](std::int64_t j) { return gradient[j] * weight[j]; }) / size;
  const float second =
      sum(n, [&](std::int64_t j) { return gradient[j] * weight[j] * (added[j] - mean) * rstd; }) /
      size;
  for (std::int64_t j = 0; j < n; ++j) {
    const float unit = (added[j] - mean) * rstd;
    const float inner = rstd * (gradient[j] * weight[j] - first - unit * second);
    weight_sum[j] += gradient[j] * unit;
    bias_sum[j] += gradient[j];
    residual[j] = inner;
    x[j] = inner * factors[j];
  }
}

// One thread's lines in float32; a tensor that is float32 already is read and written in place.
class Lines {
 public:
  Lines(std::int64_t n, const std::optional<DropoutMask>& mask, const at::Tensor& tokens)
      : n_(n),
        mask_(mask),
        tokens_(mask ? tokens.const_data_ptr<std::int64_t>() : nullptr),
        factors_(static_cast<std::size_t>(n + DropoutMask::kGroup), 1.F) {
    for (auto& line : lines_) line.resize(static_cast<std::size_t>(n));
  }

  const float* factors(std::int64_t row) {
    for (std::int64_t j = 0; mask_ && j < n_; j += DropoutMask::kGroup) {
      mask_->factors(tokens_[row] >> 16, static_cast<std::uint32_t>(tokens_[row] & 0xFFFF),
                     static_cast<std::uint32_t>(j / DropoutMask::kGroup), &factors_[at(j)]);
    }
    return factors_.data();
  }

  const float* read(const at::Tensor& tensor, std::int64_t row) {
    if (tensor.scalar_type() == at::kFloat) return tensor.const_data_ptr<float>() + row * n_;
    widen(tensor.const_data_ptr<at::BFloat16>() + row * n_, n_, lines_[0].data());
    return lines_[0].data();
  }

  // The sum of those gradients that there are.
  const float* read_sum(const at::Tensor& a, const at::Tensor& b, std::int64_t row) {
    if (!a.defined() || !b.defined()) return read(a.defined() ? a : b, row);
    const float* from = read(b, row);
    std::copy_n(a.const_data_ptr<float>() + row * n_, n_, lines_[1].data());
    add(from, n_, lines_[1].data());
    return lines_[1].data();
  }

  // Where to write a row; end_write puts it in the tensor if that is elsewhere.
  float* begin_write(at::Tensor& tensor, std::int64_t row) {
    if (tensor.scalar_type() == at::kFloat) return tensor.mutable_data_ptr<float>() + row * n_;
    return lines_[2].data();
  }

  void end_write(at::Tensor& tensor, std::int64_t row, const float* line) {
    if (tensor.scalar_type() != at::kFloat)
      narrow(line, n_, tensor.mutable_data_ptr<at::BFloat16>() + row * n_);
  }

 private:
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

  std::int64_t n_;
  std::optional<DropoutMask> mask_;
  const std::int64_t* tokens_;
  std::vector<float> factors_;
  std::array<std::vector<float>, 3> lines_;
};

std::int64_t tasks_for(std::int64_t rows) { return (rows + kRowsPerTask - 1) / kRowsPerTask; }

template <typename Body>
void for_each_task(std::int64_t rows, const Body& body) {
  parallel_rows(tasks_for(rows), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task)
      body(task, task * kRowsPerTask, std::min(rows, (task + 1) * kRowsPerTask));
  });
}

struct ResidualNormFunction : torch::autograd::Function<ResidualNormFunction> {
  static variable_list forward(AutogradContext* context, const at::Tensor& residual,
                               const at::Tensor& x, const at::Tensor& weight,
                               const at::Tensor& bias, const ResidualNorm& norm) {
    const std::int64_t n = residual.size(-1);
    const std::int64_t rows = residual.numel() / n;
    const auto kept_residual = residual.contiguous();
    const auto kept_x = x.contiguous();
    auto added = at::empty_like(kept_residual);
    auto value = at::empty_like(kept_residual);
    auto product = x.scalar_type() == at::kFloat ? value : at::empty_like(kept_x);
    auto moments = at::empty({rows, 2}, kept_residual.options());
    const auto* weights = weight.const_data_ptr<float>();
    const auto* biases = bias.const_data_ptr<float>();
    for_each_task(rows, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      Lines lines(n, norm.mask, norm.tokens);
      for (std::int64_t row = begin; row < end; ++row) {
        float* out = value.mutable_data_ptr<float>() + row * n;
        const Moments made =
            normalize(lines.read(kept_residual, row), lines.read(kept_x, row), lines.factors(row),
                      weights, biases, static_cast<float>(norm.eps), n,
                      added.mutable_data_ptr<float>() + row * n, out);
        moments.mutable_data_ptr<float>()[2 * row] = made.mean;
        moments.mutable_data_ptr<float>()[2 * row + 1] = made.rstd;
        lines.end_write(product, row, out);
      }
    });
    context->set_materialize_grads(false);
    context->save_for_backward({added, moments, weight});
    context->saved_data["dtype"] = x.scalar_type();
    if (norm.mask) {
      context->saved_data["mask"] = norm.mask->state();
      context->saved_data["tokens"] = norm.tokens;
    }
    if (x.scalar_type() == at::kFloat) return {value};
    return {value, product};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& added = saved[0];
    const float* moments = saved[1].const_data_ptr<float>();
    const float* weights = saved[2].const_data_ptr<float>();
    const auto contiguous = [&](std::size_t i) {
      return i < gradients.size() && gradients[i].defined() ? gradients[i].contiguous()
                                                            : at::Tensor();
    };
    const auto value = contiguous(0);
    const auto product = contiguous(1);
    if (!value.defined() && !product.defined()) return variable_list(5);
    std::optional<DropoutMask> mask;
    at::Tensor tokens;
    if (const auto found = context->saved_data.find("mask"); found != context->saved_data.end()) {
      mask.emplace(found->second.toIntVector());
      tokens = context->saved_data["tokens"].toTensor();
    }
    const std::int64_t n = added.size(-1);
    const std::int64_t rows = added.numel() / n;
    auto residual = at::empty_like(added);
    auto x = at::empty_like(added, context->saved_data["dtype"].toScalarType());
    auto sums = at::zeros({tasks_for(rows), 2, n}, added.options());
    for_each_task(rows, [&](std::int64_t task, std::int64_t begin, std::int64_t end) {
      Lines lines(n, mask, tokens);
      float* weight_sum = sums.mutable_data_ptr<float>() + task * 2 * n;
      for (std::int64_t row = begin; row < end; ++row) {
        float* out = lines.begin_write(x, row);
        normalize_backward(lines.read_sum(value, product, row), lines.read(added, row),
                           {moments[2 * row], moments[2 * row + 1]}, lines.factors(row), weights, n,
                           residual.mutable_data_ptr<float>() + row * n, out, weight_sum,
                           weight_sum + n);
        lines.end_write(x, row, out);
      }
    });
    const auto total = sums.sum(0);
    return {residual, x, total[0], total[1], {}};
  }
};

}  // namespace

Hidden residual_norm(const at::Tensor& residual, const at::Tensor& x, const ResidualNorm& norm) {
  if (!x.is_cpu()) return plain_residual_norm(residual, x, norm);
  const auto outputs = ResidualNormFunction::apply(residual, x, norm.weight, norm.bias, norm);
  return {outputs.front(), outputs.back()};
}

Hidden plain_residual_norm(const at::Tensor& residual, const at::Tensor& x,
                           const ResidualNorm& norm) {
  const auto kept = norm.mask ? dropout(x.to(at::kFloat), *norm.mask, norm.tokens) : x;
  const auto value =
      at::layer_norm(residual + kept, {residual.size(-1)}, norm.weight, norm.bias, norm.eps);
  return {value, value.to(x.scalar_type())};
}

}  // namespace sojourn
