#include "core/model/dropout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/error.h"
#include "core/model/clones.h"
#include "core/model/gpu_dropout.h"
#include "core/model/intra_op.h"

namespace sojourn {

namespace {

constexpr int kLanes = 8;  // blocks made together; each gives 8 numbers of 16 bits

struct Counter {
  std::uint32_t first, outer, row, key0, key1;
};

// The rounds of philox_rounds() on kLanes counters at once, then a comparison per 16 bits.
SOJOURN_CLONES void philox_factors(const Counter& at, std::uint32_t keep, float scale, float* out) {
  std::array<std::uint32_t, kLanes> c0;
  std::array<std::uint32_t, kLanes> c1;
  std::array<std::uint32_t, kLanes> c2;
  std::array<std::uint32_t, kLanes> c3;
  for (std::uint32_t i = 0; i < kLanes; ++i) {
    c0[i] = at.first + i;
    c1[i] = at.outer;
    c2[i] = at.row;
    c3[i] = 0;
  }
  std::uint32_t key0 = at.key0;
  std::uint32_t key1 = at.key1;
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      const std::uint64_t a = std::uint64_t{0xD2511F53U} * c0[i];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * c2[i];
      c0[i] = static_cast<std::uint32_t>(b >> 32) ^ c1[i] ^ key0;
      c1[i] = static_cast<std::uint32_t>(b);
      c2[i] = static_cast<std::uint32_t>(a >> 32) ^ c3[i] ^ key1;
      c3[i] = static_cast<std::uint32_t>(a);
    }
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  for (std::size_t i = 0; i < kLanes; ++i) {
    out[i] = (c0[i] & 0xFFFFU) < keep ? scale : 0.F;
    out[i + 8] = (c0[i] >> 16) < keep ? scale : 0.F;
    out[i + 16] = (c1[i] & 0xFFFFU) < keep ? scale : 0.F;
    out[i + 24] = (c1[i] >> 16) < keep ? scale : 0.F;
    out[i + 32] = (c2[i] & 0xFFFFU) < keep ? scale : 0.F;
    out[i + 40] = (c2[i] >> 16) < keep ? scale : 0.F;
    out[i + 48] = (c3[i] & 0xFFFFU) < keep ? scale : 0.F;
    out[i + 56] = (c3[i] >> 16) < keep ? scale : 0.F;
  }
}

// Calls line(row, outer, offset) for every line of x: 16 bits of `outer` for each inner index.
template <typename Line>
void for_each_line(at::IntArrayRef sizes, const at::Tensor& tokens, const Line& line) {
  const auto* packed = tokens.defined() ? tokens.const_data_ptr<std::int64_t>() : nullptr;
  const std::int64_t n = sizes.back();
  std::int64_t lines = 1;
  for (const std::int64_t size : sizes.slice(0, sizes.size() - 1)) lines *= size;
  const std::int64_t grain = std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(n, 1));
  parallel_rows(lines, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (packed != nullptr) {
        line(packed[i] >> 16, static_cast<std::uint32_t>(packed[i] & 0xFFFF), i * n);
        continue;
      }
      std::uint32_t outer = 0;
      std::int64_t rest = i;
      for (std::size_t d = sizes.size() - 1; d-- > 1;) {
        outer |= static_cast<std::uint32_t>(rest % sizes[d]) << (16 * (sizes.size() - 2 - d));
        rest /= sizes[d];
      }
      line(rest, outer, i * n);
    }
  });
}

template <typename T>
void apply_mask(const DropoutMask& mask, const at::Tensor& tokens, const at::Tensor& x,
                at::Tensor& y) {
  const T* in = x.const_data_ptr<T>();
  T* out = y.mutable_data_ptr<T>();
  const std::int64_t n = x.size(-1);
  for_each_line(x.sizes(), tokens, [&](std::int64_t row, std::uint32_t outer, std::int64_t offset) {
    std::array<float, DropoutMask::kGroup> factor;
    for (std::int64_t i = 0; i < n; i += DropoutMask::kGroup) {
      mask.factors(row, outer, static_cast<std::uint32_t>(i / DropoutMask::kGroup), factor.data());
      const std::int64_t end = std::min<std::int64_t>(n - i, DropoutMask::kGroup);
      for (std::int64_t j = 0; j < end; ++j) {
        out[offset + i + j] = static_cast<T>(static_cast<float>(in[offset + i + j]) *
                                             factor[static_cast<std::size_t>(j)]);
      }
    }
  });
}

at::Tensor masked(const at::Tensor& x, const DropoutMask& mask, const at::Tensor& tokens) {
  if (!x.is_cpu()) return masked_on_gpu(x, mask, tokens);
  const auto in = x.contiguous();
  auto out = at::empty_like(in);
  if (in.scalar_type() == at::kBFloat16) {
    apply_mask<at::BFloat16>(mask, tokens, in, out);
  } else {
    apply_mask<float>(mask, tokens, in, out);
  }
  return out;
}

// An undefined tensor can't be an argument of its own in an autograd function.
struct Places {
  at::Tensor tokens;
};

struct DropoutFunction : torch::autograd::Function<DropoutFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const DropoutMask& mask, const Places& places) {
    context->saved_data["mask"] = mask.state();
    if (places.tokens.defined()) context->saved_data["tokens"] = places.tokens;
    return masked(x, mask, places.tokens);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto tokens = context->saved_data.find("tokens");
    const DropoutMask mask(context->saved_data["mask"].toIntVector());
    return {masked(gradients[0], mask,
                   tokens == context->saved_data.end() ? at::Tensor() : tokens->second.toTensor()),
            {},
            {}};
  }
};

}  // namespace

DropoutMask::DropoutMask(double p, const DropoutKey& key)
    : first_row_(static_cast<std::uint32_t>(key.first_row)),
      keep_(static_cast<std::uint32_t>(std::lround((1.0 - p) * 65536.0))),
      scale_(static_cast<float>(65536.0 / keep_)) {
  if (!(p >= 0 && p < 1) || keep_ == 0) {
    throw Error(ErrorKind::kInternal, "dropout", "p must be in [0, 1), is " + std::to_string(p));
  }
  const Philox random(key.key, key.stream);
  key0_ = random.key0();
  key1_ = random.key1();
}

DropoutMask::DropoutMask(const std::vector<std::int64_t>& state)
    : key0_(static_cast<std::uint32_t>(state.at(0))),
      key1_(static_cast<std::uint32_t>(state.at(1))),
      first_row_(static_cast<std::uint32_t>(state.at(2))),
      keep_(static_cast<std::uint32_t>(state.at(3))),
      scale_(static_cast<float>(65536.0 / keep_)) {}

std::vector<std::int64_t> DropoutMask::state() const { return {key0_, key1_, first_row_, keep_}; }

void DropoutMask::factors(std::int64_t row, std::uint32_t outer, std::uint32_t group,
                          float* out) const noexcept {
  philox_factors(
      {group * kLanes, outer, first_row_ + static_cast<std::uint32_t>(row), key0_, key1_}, keep_,
      scale_, out);
}

at::Tensor dropout(const at::Tensor& x, const DropoutMask& mask, const at::Tensor& tokens) {
  if (x.dim() < 1 || x.dim() > 4)
    throw Error(ErrorKind::kInternal, "dropout", "takes 1 to 4 dimensions");
  return DropoutFunction::apply(x, mask, Places{tokens});
}

at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key) {
  return p == 0 ? x : dropout(x, DropoutMask(p, key));
}

}  // namespace sojourn
