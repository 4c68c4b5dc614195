// Lets a test see what the host makes of an adapter, to compare it with peft.
//
//   adapter_probe ENCODER ADAPTER ROWS.json OUT
//
// Puts the adapter of directory ADAPTER beside the weights of the encoder in directory ENCODER and
// trains it for three steps on the rows of token ids in ROWS.json, without dropout; the loss is the
// mean cube of the last layer's first tokens. Writes
//
//   OUT/steps.json           [{loss, gradient_norm}, ..], norms before clipping
//   OUT/tensors.safetensors  "before.K", "after.K" and "merged.K": hidden states of layer K, [rows,
//                            longest row, hidden], before training, after it, and merged into the
//                            weights; "gradient.NAME" of the first step
//   OUT/adapter              the trained adapter
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/model/encoder.h"
#include "core/model/peft.h"
#include "core/model/safetensors.h"
#include "core/train/adamw.h"
#include "tests/support/rows.h"

namespace sojourn {
namespace {

constexpr double kRates[] = {0, 5e-3, 1e-2};  // a warm-up, as the test has it

class Probe {
 public:
  Probe(const std::filesystem::path& encoder, const std::filesystem::path& rows)
      : encoder_(encoder, at::kCPU), batch_(read_rows(rows, encoder_.config().pad_id)) {}

  void run(const std::filesystem::path& adapter, const std::filesystem::path& out) {
    const auto parameters = begin(adapter);
    add_states("before.");
    const auto steps = train(parameters);
    encoder_.end_training(1);
    add_states("after.");
    save_adapter(out / "adapter", encoder_);
    encoder_.begin_training({0}, 0);  // merges what was kept apart
    encoder_.end_training(1);
    add_states("merged.");
    write_file(out / "steps.json", steps.dump());
    write_safetensors(out / "tensors.safetensors", tensors_);
  }

 private:
  std::vector<Parameter> begin(const std::filesystem::path& directory) {
    const at::NoGradGuard no_grad;
    Adapter adapter = read_adapter_config(directory);
    adapter.merge = false;
    adapter.dropout = 0;
    auto parameters = encoder_.begin_adapting(adapter, encoder_.config().layers, {});
    const SafetensorsFile file(directory / kAdapterWeights);
    for (const auto& parameter : parameters) {
      const at::Tensor value = parameter.value;
      value.copy_(file.tensor("base_model.model." + parameter.name));
    }
    return parameters;
  }

  nlohmann::json train(const std::vector<Parameter>& parameters) {
    const std::int64_t last = encoder_.config().layers;
    AdamW optimizer(parameters, {});
    auto steps = nlohmann::json::array();
    for (const double rate : kRates) {
      const auto first = encoder_.forward(batch_, last, nullptr).layer(last).select(1, 0);
      const auto loss = first.pow(3).mean();
      loss.backward();
      for (const auto& parameter : parameters) {
        if (steps.empty()) add("gradient." + parameter.name, parameter.value.grad().clone());
      }
      const double norm = optimizer.step(rate, 1);
      steps.push_back({{"loss", loss.item<double>()}, {"gradient_norm", norm}});
    }
    return steps;
  }

  void add(const std::string& name, const at::Tensor& value) {
    tensors_.push_back({name, value.sizes().vec(), [value] { return value.contiguous(); }});
  }

  void add_states(const std::string& prefix) {
    const at::NoGradGuard no_grad;
    const auto states = encoder_.forward(batch_, encoder_.config().layers, nullptr);
    for (std::int64_t layer = 0; layer < states.size(); ++layer)
      add(prefix + std::to_string(layer), states.layer(layer));
  }

  Encoder encoder_;
  EncoderBatch batch_;
  std::vector<TensorSource> tensors_;
};

}  // namespace
}  // namespace sojourn

int main(int argc, char** argv) {
  try {
    if (argc != 5)
      throw std::invalid_argument("usage: adapter_probe ENCODER ADAPTER ROWS.json OUT");
    sojourn::Probe(argv[1], argv[3]).run(argv[2], argv[4]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
