#include "core/model/packing.h"

#include <algorithm>
#include <limits>
#include <span>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sojourn {

namespace {

// Tokens below which a group of its own costs more than it saves. On a GPU the launches of its
// kernels cost more than padding does.
std::int64_t small_group(at::Device device) { return device.is_cpu() ? 256 : 16384; }

// Where the tokens of a group are, as RowGroup has it.
struct Places {
  at::Tensor places, sources, padding;

  // [rows * width, n] to [tokens, n], and back with 0 at padding.
  at::Tensor gather(const at::Tensor& padded) const { return padded.index_select(0, places); }
  at::Tensor spread(const at::Tensor& tokens) const {
    if (tokens.is_cpu()) {
      return at::zeros({padding.size(0), tokens.size(1)}, tokens.options())
          .index_copy_(0, places, tokens);
    }
    // To give the same bits in every run, a GPU sorts before it copies to places.
    return tokens.index_select(0, sources).masked_fill_(padding, 0);
  }
};

// Packing and unpacking are each other's gradient. LibTorch's own gradient of a gather is a sum,
// since a gather may read a place twice.
struct PackFunction : torch::autograd::Function<PackFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& padded,
                            const Places& group) {
    context->save_for_backward({group.places, group.sources, group.padding});
    return group.gather(padded);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    return {Places{saved[0], saved[1], saved[2]}.spread(gradients[0]), {}};
  }
};

struct UnpackFunction : torch::autograd::Function<UnpackFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& tokens,
                            const Places& group) {
    context->save_for_backward({group.places});
    return group.spread(tokens);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {Places{context->get_saved_variables()[0], {}, {}}.gather(gradients[0]), {}};
  }
};

RowGroup group_of(std::span<const std::int64_t> lengths, std::int64_t width, at::Device device) {
  RowGroup group;
  group.rows = static_cast<std::int64_t>(lengths.size());
  group.width = width;
  for (const std::int64_t length : lengths) group.tokens += length;
  if (group.tokens == group.rows * width) return group;
  const auto sizes = at::tensor(at::IntArrayRef(lengths.data(), lengths.size()), at::kLong);
  const auto kept = at::arange(width, at::kLong).unsqueeze(0).lt(sizes.unsqueeze(1));
  const auto flat = kept.flatten();
  group.places = flat.nonzero().squeeze(1).to(device);
  group.sources = (flat.cumsum(0, at::kLong) - 1).clamp_min_(0).to(device);
  group.padding = flat.logical_not().unsqueeze(1).to(device);
  auto bias = at::zeros({group.rows, 1, 1, width}, at::kFloat);
  bias.masked_fill_(kept.logical_not().unsqueeze(1).unsqueeze(1),
                    -std::numeric_limits<float>::infinity());
  group.bias = bias.to(device);
  return group;
}

// Where the group that begins at `first` ends: before a row that would be a quarter padding.
std::size_t end_of_group(const std::vector<std::int64_t>& lengths, std::size_t first,
                         std::int64_t small) {
  std::int64_t longest = lengths[first];
  std::size_t end = first + 1;
  for (; end < lengths.size(); ++end) {
    const auto rows = static_cast<std::int64_t>(end - first);
    if (lengths[end] * 4 < longest * 3 && rows * longest >= small) break;
    longest = std::max(longest, lengths[end]);
  }
  return end;
}

}  // namespace

at::Tensor RowGroup::unpack(const at::Tensor& tokens_only) const {
  auto shape = tokens_only.sizes().vec();
  shape[0] = width;
  shape.insert(shape.begin(), rows);
  if (!places.defined()) return tokens_only.view(shape);
  return UnpackFunction::apply(tokens_only, Places{places, sources, padding}).view(shape);
}

at::Tensor RowGroup::pack(const at::Tensor& padded) const {
  const auto flat = padded.reshape({rows * width, padded.size(2)});
  return places.defined() ? PackFunction::apply(flat, Places{places, sources, padding}) : flat;
}

Packing::Packing(const std::vector<std::int64_t>& lengths, std::int64_t width, at::Device device)
    : whole_(group_of(lengths, width, device)) {
  std::int64_t token = 0;
  for (std::size_t first = 0; first < lengths.size();) {
    const std::size_t end = end_of_group(lengths, first, small_group(device));
    const auto rows = std::span(lengths).subspan(first, end - first);
    RowGroup group = group_of(rows, *std::max_element(rows.begin(), rows.end()), device);
    group.first_row = static_cast<std::int64_t>(first);
    group.first_token = token;
    token += group.tokens;
    groups_.push_back(std::move(group));
    first = end;
  }
  std::vector<std::int64_t> tokens;
  tokens.reserve(static_cast<std::size_t>(token));
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    for (std::int64_t column = 0; column < lengths[row]; ++column)
      tokens.push_back(static_cast<std::int64_t>(row) * 65536 + column);
  }
  tokens_ = at::tensor(tokens, at::kLong).to(device);
  columns_ = tokens_.remainder(65536);
}

}  // namespace sojourn
