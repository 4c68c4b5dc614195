// A batch without its padding: the encoder works on the tokens alone, [N, ...] instead of
// [B, T, ...]. Only attention needs rows, and gets them in groups of like length.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sojourn {

// Consecutive rows, padded to the longest of them.
struct RowGroup {
  std::int64_t first_row = 0, rows = 0, width = 0;
  std::int64_t first_token = 0, tokens = 0;  // in [0, N)
  // Undefined where nothing is padded:
  at::Tensor places;   // [tokens] int64: of each token, in [0, rows * width)
  at::Tensor sources;  // [rows * width] int64: the token there; at padding, any
  at::Tensor padding;  // [rows * width, 1] bool: whether it is padding
  at::Tensor bias;     // [rows, 1, 1, width] float32, -inf at padding

  // [tokens, n] to [rows, width, n], 0 at padding, and back.
  at::Tensor unpack(const at::Tensor& tokens_only) const;
  at::Tensor pack(const at::Tensor& padded) const;
};

class Packing {
 public:
  // lengths: [B], each in [1, width]; width: T, at most 65,535.
  Packing(const std::vector<std::int64_t>& lengths, std::int64_t width, at::Device device);

  // Like rows under falling lengths cost least.
  const std::vector<RowGroup>& groups() const noexcept { return groups_; }
  // Row and column of each token as row * 65536 + column: [N] int64 on the device.
  const at::Tensor& tokens() const noexcept { return tokens_; }
  // The column of each token: [N] int64 on the device.
  const at::Tensor& columns() const noexcept { return columns_; }

  at::Tensor pack(const at::Tensor& padded) const { return whole_.pack(padded); }
  at::Tensor unpack(const at::Tensor& packed) const { return whole_.unpack(packed); }

 private:
  RowGroup whole_;
  std::vector<RowGroup> groups_;
  at::Tensor tokens_, columns_;
};

}  // namespace sojourn
