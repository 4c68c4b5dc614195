#include "core/model/gpu_dropout.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <c10/util/SmallVector.h>

#include "core/base/error.h"

namespace at::cuda {

// LibTorch's compiler of elementwise kernels: a part of its CUDA library, null where that isn't
// there. Declared here, since a CPU build has no header for it.
// NOLINTNEXTLINE(readability-identifier-naming)
[[gnu::weak]] c10::SmallVector<at::Tensor> CompileAndLaunchKernel(
    const std::string& code_string, const std::string& kernel_name, int num_outputs,
    const c10::SmallVector<at::Tensor>& tensors, const c10::SmallVector<at::Scalar>& extra_args,
    bool return_by_ref);

}  // namespace at::cuda

namespace sojourn {

namespace {

constexpr const char* kKernelName = "sojourn_dropout";

// One number of philox_factors() in dropout.cpp. T is float, which holds a tensor's places exactly.
constexpr const char* kKernel = R"(
template <typename T>
T sojourn_dropout(T x, T row, T outer_high, T outer_low, T column, long long first_key,
                  long long second_key, long long first_row, long long keep, double scale) {
  const unsigned int i = static_cast<unsigned int>(column);
  unsigned int c0 = i / 64 * 8 + i % 8;
  unsigned int c1 = static_cast<unsigned int>(outer_high) << 16 | static_cast<unsigned int>(outer_low);
  unsigned int c2 = static_cast<unsigned int>(first_row) + static_cast<unsigned int>(row);
  unsigned int c3 = 0;
  unsigned int key0 = static_cast<unsigned int>(first_key);
  unsigned int key1 = static_cast<unsigned int>(second_key);
  for (int round = 0; round < 10; ++round) {
    const unsigned int a = __umulhi(0xD2511F53u, c0);
    const unsigned int b = __umulhi(0xCD9E8D57u, c2);
    const unsigned int low_a = 0xD2511F53u * c0;
    const unsigned int low_b = 0xCD9E8D57u * c2;
    c0 = b ^ c1 ^ key0;
    c1 = low_b;
    c2 = a ^ c3 ^ key1;
    c3 = low_a;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  const unsigned int part = i % 64 / 8;
  const unsigned int word = part < 2 ? c0 : part < 4 ? c1 : part < 6 ? c2 : c3;
  const unsigned int number = part % 2 == 0 ? word & 0xFFFFu : word >> 16;
  return x * (number < static_cast<unsigned int>(keep) ? static_cast<T>(scale) : static_cast<T>(0));
}
)";

// 0, 1, .. along one dimension, to be spread along the others.
at::Tensor places_along(std::int64_t dimension, const at::Tensor& x, const at::Tensor& numbers) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[static_cast<std::size_t>(dimension)] = x.size(dimension);
  return numbers.narrow(0, 0, x.size(dimension)).view(shape);
}

}  // namespace

at::Tensor masked_on_gpu(const at::Tensor& x, const DropoutMask& mask, const at::Tensor& tokens) {
  if (at::cuda::CompileAndLaunchKernel == nullptr) {
    throw Error(ErrorKind::kInternal, "dropout", "has no kernel for " + x.device().str());
  }
  if (x.numel() == 0) return x;
  const auto sizes = x.sizes();
  const auto numbers = at::arange(*std::max_element(sizes.begin(), sizes.end()),
                                  at::device(x.device()).dtype(at::kLong));
  const auto zero = numbers.narrow(0, 0, 1);
  at::Tensor row = x.dim() > 1 ? places_along(0, x, numbers) : zero;
  at::Tensor outer_high = zero;
  at::Tensor outer_low = zero;
  if (tokens.defined()) {
    row = at::bitwise_right_shift(tokens, 16).unsqueeze(1);
    outer_low = at::bitwise_and(tokens, 0xFFFF).unsqueeze(1);
  } else {
    if (x.dim() > 2) outer_low = places_along(x.dim() - 2, x, numbers);
    if (x.dim() > 3) outer_high = places_along(1, x, numbers);
  }
  const auto state = mask.state();  // two halves of the key, first row, share kept of 65,536
  const auto made = at::cuda::CompileAndLaunchKernel(
      kKernel, kKernelName, 1,
      {x.to(at::kFloat), row, outer_high, outer_low, places_along(x.dim() - 1, x, numbers)},
      {state[0], state[1], state[2], state[3], 65536.0 / static_cast<double>(state[3])},
      /*return_by_ref=*/false);
  return made[0].to(x.scalar_type());
}

}  // namespace sojourn
