// Lets a test see what the host's encoder computes, and what it writes after training.
//
//   encoder_probe ENCODER ROWS.json OUT [tied]
//
// Takes one step of training, at a rate that moves every weight visibly, of the encoder in
// directory ENCODER on the rows of token ids in ROWS.json; with "tied", as a masked language model
// does, of all word embeddings, by which hidden states are scored too. Saves the encoder to
// directory OUT, and its hidden states, as it holds them in memory, to
// OUT/hidden_states.safetensors: tensors "0", "1", .. of shape [rows, longest row, hidden].
#include <exception>
#include <iostream>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <nlohmann/json.hpp>

#include "core/model/cross_entropy.h"
#include "core/model/encoder.h"
#include "core/model/safetensors.h"
#include "core/train/adamw.h"
#include "tests/support/rows.h"

namespace sojourn {
namespace {

std::vector<std::int64_t> rows_to_train(const Encoder& encoder, const EncoderBatch& batch,
                                        bool tied) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(encoder.config().vocab_size));
  std::iota(all.begin(), all.end(), 0);
  const auto* const ids = batch.ids.const_data_ptr<std::int64_t>();
  const std::set<std::int64_t> distinct(ids, ids + batch.ids.numel());
  return tied ? all : std::vector<std::int64_t>(distinct.begin(), distinct.end());
}

void train_one_step(Encoder& encoder, const EncoderBatch& batch, bool tied) {
  const std::int64_t layers = encoder.config().layers;
  AdamW optimizer(encoder.begin_training(rows_to_train(encoder, batch, tied), layers), {});
  const auto first = encoder.forward(batch, layers, nullptr).layer(layers).select(1, 0);
  auto loss = first.pow(3).mean();
  if (tied) {
    const auto words = at::linear(first, encoder.word_table());
    loss = loss + cross_entropy(words, batch.ids.select(1, 1));
  }
  loss.backward();
  optimizer.step(1e-2, 1);
  encoder.end_training(optimizer.untouched_factor());
}

void probe(const std::filesystem::path& directory, const std::filesystem::path& rows,
           const std::filesystem::path& out, bool tied) {
  Encoder encoder(directory, at::kCPU);
  const auto batch = read_rows(rows, encoder.config().pad_id);
  train_one_step(encoder, batch, tied);
  encoder.save(out);

  const at::NoGradGuard no_grad;
  std::vector<TensorSource> tensors;
  const auto states = encoder.forward(batch, encoder.config().layers, nullptr);
  for (std::int64_t layer = 0; layer < states.size(); ++layer) {
    const auto state = states.layer(layer);
    tensors.push_back(
        {std::to_string(layer), state.sizes().vec(), [state] { return state.contiguous(); }});
  }
  write_safetensors(out / "hidden_states.safetensors", tensors);
}

}  // namespace
}  // namespace sojourn

int main(int argc, char** argv) {
  try {
    const bool tied = argc == 5 && std::string_view(argv[4]) == "tied";
    if (argc != 4 && !tied)
      throw std::invalid_argument("usage: encoder_probe ENCODER ROWS.json OUT [tied]");
    sojourn::probe(argv[1], argv[2], argv[3], tied);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
