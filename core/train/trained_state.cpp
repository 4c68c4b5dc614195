#include "core/train/trained_state.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "core/base/error.h"
#include "core/model/saved_tensors.h"

namespace sojourn {

namespace {

constexpr const char* kState = "trained_state";
constexpr const char* kActiveRows = "active_rows";

struct Trained {
  std::vector<std::int64_t> active_rows;
  std::int64_t layers = 0;
  double untouched_factor = 1;
};

// Checked, so that the encoder can take it.
Trained read_trained(const SafetensorsFile& file, const EncoderConfig& config) {
  const auto state = read_state(file, kState);
  const auto layers = state.find("layers");
  const auto factor = state.find("untouched_factor");
  if (layers == state.end() || !layers->is_number_integer() || factor == state.end() ||
      !factor->is_number()) {
    throw input_error(file.path().string(), std::string("metadata '") + kState +
                                                "' says no layers or no untouched_factor");
  }
  Trained trained{read_numbers(file, kActiveRows), layers->get<std::int64_t>(),
                  factor->get<double>()};
  const auto& rows = trained.active_rows;
  const bool sorted = std::ranges::adjacent_find(rows, std::ranges::greater_equal()) == rows.end();
  if (trained.layers < 0 || trained.layers > config.layers || rows.empty() || !sorted ||
      rows.front() < 0 || rows.back() >= config.vocab_size) {
    throw input_error(file.path().string(),
                      "doesn't fit the encoder: it has other layers or another vocabulary");
  }
  return trained;
}

std::vector<Parameter> with_heads(std::vector<Parameter> parameters,
                                  const std::vector<TaskHead*>& heads) {
  for (const auto* head : heads)
    parameters.insert(parameters.end(), head->parameters.begin(), head->parameters.end());
  return parameters;
}

}  // namespace

void save_trained_state(const std::filesystem::path& file, const Encoder& encoder,
                        const std::vector<const TaskHead*>& heads) {
  if (encoder.active_ids().empty())
    throw Error(ErrorKind::kInternal, file.string(), "of this encoder, nothing was trained");
  std::vector<TensorSource> tensors{saved(kActiveRows, encoder.active_ids())};
  for (const auto& parameter : encoder.trained_parameters())
    tensors.push_back(saved(parameter.name, parameter.value));
  for (const auto* head : heads) {
    for (const auto& parameter : head->parameters)
      tensors.push_back(saved(parameter.name, parameter.value));
  }
  const nlohmann::ordered_json state{{"layers", encoder.trained_layers()},
                                     {"untouched_factor", encoder.untouched_factor()}};
  write_safetensors(file, tensors, {{kState, state.dump()}});
}

void apply_trained_state(const std::filesystem::path& file, Encoder& encoder,
                         const std::vector<TaskHead*>& heads) {
  const at::NoGradGuard no_grad;
  const SafetensorsFile saved_state(file);
  const Trained trained = read_trained(saved_state, encoder.config());
  const auto parameters =
      with_heads(encoder.begin_training(trained.active_rows, trained.layers), heads);
  for (const auto& parameter : parameters) {
    const at::Tensor value = parameter.value;
    value.copy_(read_like(saved_state, parameter.name, value));
  }
  encoder.end_training(trained.untouched_factor);
}

}  // namespace sojourn
