// The encoder against what transformers computed (tests/golden/make_golden.py), forward and in
// training.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/model/checkpoint.h"
#include "core/model/encoder.h"
#include "core/model/tiny_model.h"
#include "core/train/adamw.h"
#include "tests/support/golden.h"
#include "tests/support/rows.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using Json = nlohmann::json;

constexpr double kTolerance = 1e-5;  // absolute for hidden states, relative for what training gives

// Where the true gradient is 0, AdamW makes whole steps of rounding errors: softmax doesn't see
// what all the scores of a query have in common, which is all that a key's bias gives.
bool is_key_bias(const std::string& name) { return name.ends_with("attention.self.key.bias"); }

EncoderBatch golden_batch(const Json& golden) {
  std::vector<std::vector<std::int64_t>> rows;
  for (const auto& row : golden["rows"]) rows.push_back(row["ids"]);
  return padded_rows(rows, golden["pad_id"].get<std::int64_t>());
}

double norm_of(const at::Tensor& tensor) {
  return at::linalg_vector_norm(tensor.detach().to(at::kDouble)).item<double>();
}

void check_row(const at::Tensor& row, const Json& golden,
               const std::vector<std::int64_t>& dimensions) {
  const auto wide = row.to(at::kDouble);
  const double each = kTolerance * static_cast<double>(row.numel());
  CHECK(wide.sum().item<double>() == Approx(golden["sum"].get<double>()).epsilon(0).margin(each));
  CHECK(wide.abs().sum().item<double>() ==
        Approx(golden["abs_sum"].get<double>()).epsilon(0).margin(each));
  const std::int64_t n = row.size(0);
  const std::int64_t positions[] = {0, 1, n / 2, n - 1};
  for (std::size_t p = 0; p < 4; ++p) {
    for (std::size_t d = 0; d < dimensions.size(); ++d) {
      CAPTURE(positions[p], dimensions[d]);
      CHECK(row[positions[p]][dimensions[d]].item<double>() ==
            Approx(golden["values"][p][d].get<double>()).epsilon(0).margin(kTolerance));
    }
  }
}

void check_hidden_states(const std::filesystem::path& directory, const Json& golden) {
  const Encoder encoder(directory, at::kCPU);
  const auto batch = golden_batch(golden);
  const auto dimensions = golden["dimensions"].get<std::vector<std::int64_t>>();
  const at::NoGradGuard no_grad;
  const auto states = encoder.forward(batch, encoder.config().layers, nullptr);
  REQUIRE(states.size() == static_cast<std::int64_t>(golden["hidden_states"].size()));
  for (std::int64_t layer = 0; layer < states.size(); ++layer) {
    const auto state = states.layer(layer);
    for (std::size_t i = 0; i < batch.lengths.size(); ++i) {
      CAPTURE(layer, i);
      check_row(state[static_cast<std::int64_t>(i)].slice(0, 0, batch.lengths[i]),
                golden["hidden_states"][static_cast<std::size_t>(layer)][i], dimensions);
    }
  }
}

// Three steps of an encoder with a head whose weights come from a formula.
class GoldenTraining {
 public:
  GoldenTraining(const std::filesystem::path& directory, const Json& golden)
      : golden_(golden), encoder_(directory, at::kCPU), batch_(golden_batch(golden)) {
    const std::int64_t h = encoder_.config().hidden_size;
    const auto index = at::arange(3 * h, at::kDouble).reshape({3, h});
    weight_ = (at::sin(index + 1) * 0.2).to(at::kFloat).requires_grad_();
    bias_ = at::zeros({3}, at::kFloat).requires_grad_();
    const auto* const ids = batch_.ids.const_data_ptr<std::int64_t>();
    const std::set<std::int64_t> distinct(ids, ids + batch_.ids.numel());
    parameters_ =
        encoder_.begin_training({distinct.begin(), distinct.end()}, encoder_.config().layers);
    parameters_.push_back({"head.weight", weight_, true});
    parameters_.push_back({"head.bias", bias_, false});
  }

  // Checks losses and gradients on the way, and leaves the trained encoder in `directory`.
  void run(const std::filesystem::path& directory) {
    AdamW optimizer(parameters_, {});
    for (std::size_t step = 0; step < golden_["steps"].size(); ++step) {
      CAPTURE(step);
      const Json& expected = golden_["steps"][step];
      const auto loss = forward();
      CHECK(loss.item<double>() == Approx(expected["loss"].get<double>()).epsilon(kTolerance));
      loss.backward();
      if (step == 0) check_gradients();
      const double norm = optimizer.step(expected["rate"], 1);
      CHECK(norm == Approx(expected["gradient_norm"].get<double>()).epsilon(kTolerance));
      encoder_.parameters_changed();
    }
    encoder_.end_training(optimizer.untouched_factor());
    encoder_.save(directory);
  }

  at::Tensor head(const std::string& name) const { return name == "head.weight" ? weight_ : bias_; }

 private:
  at::Tensor forward() const {
    const std::int64_t layers = encoder_.config().layers;
    const auto hidden = encoder_.forward(batch_, layers, nullptr).layer(layers).select(1, 0);
    const auto labels = at::arange(hidden.size(0), at::kLong).remainder(3);
    return at::cross_entropy_loss(at::linear(hidden, weight_, bias_), labels);
  }

  void check_gradients() const {
    std::map<std::string, at::Tensor> gradients;
    for (const auto& [name, value, decays] : parameters_) {
      const auto joint = name.find("qkv");
      if (joint == std::string::npos) gradients[name] = value.grad();
      if (joint == std::string::npos) continue;
      const auto parts = value.grad().chunk(3);
      const char* const names[] = {"query", "key", "value"};
      for (std::size_t i = 0; i < 3; ++i)
        gradients[std::string(name).replace(joint, 3, names[i])] = parts[i];
    }
    CHECK(gradients.size() == golden_["parameters"].size());
    for (const auto& [name, expected] : golden_["parameters"].items()) {
      CAPTURE(name);
      REQUIRE(gradients.contains(name));
      if (is_key_bias(name)) continue;
      CHECK(norm_of(gradients[name]) ==
            Approx(expected["gradient"].get<double>()).epsilon(kTolerance));
    }
  }

  const Json& golden_;
  Encoder encoder_;
  EncoderBatch batch_;
  at::Tensor weight_, bias_;
  std::vector<Parameter> parameters_;
};

void check_parameter(const at::Tensor& value, const Json& golden) {
  const auto flat = value.detach().flatten();
  const auto n = flat.numel();
  const double norm = golden["norm"];
  const double typical = norm / std::sqrt(static_cast<double>(n));
  CHECK(norm_of(flat) == Approx(norm).epsilon(kTolerance));
  CHECK(flat.to(at::kDouble).sum().item<double>() ==
        Approx(golden["sum"].get<double>())
            .epsilon(0)
            .margin(kTolerance * typical * static_cast<double>(n)));
  const std::int64_t shown[] = {0, n / 3, n - 1};
  for (std::size_t i = 0; i < 3; ++i) {
    const double expected = golden["values"][i];
    CAPTURE(shown[i]);
    CHECK(flat[shown[i]].item<double>() ==
          Approx(expected).epsilon(0).margin(kTolerance * std::max(std::abs(expected), typical)));
  }
}

void check_training(const std::filesystem::path& directory, const Json& golden) {
  const TemporaryDirectory saved;
  GoldenTraining training(directory, golden);
  training.run(saved.path());
  const auto before = Checkpoint::open(directory);
  const auto after = Checkpoint::open(saved.path());
  for (const auto& [name, expected] : golden["parameters"].items()) {
    if (is_key_bias(name)) continue;
    CAPTURE(name);
    const bool head = name.starts_with("head.");
    const auto value = head ? training.head(name) : after.tensor(name);
    check_parameter(value, expected);
    if (head) continue;
    const double moved = norm_of(value.to(at::kDouble) - before.tensor(name).to(at::kDouble));
    CHECK(moved == Approx(expected["moved"].get<double>()).epsilon(1e-3));
  }
}

// Golden values, and the starter encoder that they belong to, if it has been made.
bool starter_is_missing(const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / "config.json")) return false;
  std::cout << "SKIPPED: no " << directory.string() << "; scripts/make_encoder.py makes it\n";
  return true;
}

TEST_CASE("a tiny bert has the hidden states of transformers", "[core][model][parity]") {
  const TemporaryDirectory directory;
  write_tiny_model(directory.path(), EncoderType::kBert);
  check_hidden_states(directory.path(), read_golden("tiny_bert"));
}

TEST_CASE("a tiny xlm-roberta has the hidden states of transformers", "[core][model][parity]") {
  const TemporaryDirectory directory;
  write_tiny_model(directory.path(), EncoderType::kXlmRoberta);
  check_hidden_states(directory.path(), read_golden("tiny_xlmr"));
}

TEST_CASE("a tiny bert trains as it does in transformers", "[core][model][parity]") {
  const TemporaryDirectory directory;
  write_tiny_model(directory.path(), EncoderType::kBert);
  check_training(directory.path(), read_golden("tiny_bert"));
}

TEST_CASE("a tiny xlm-roberta trains as it does in transformers", "[core][model][parity]") {
  const TemporaryDirectory directory;
  write_tiny_model(directory.path(), EncoderType::kXlmRoberta);
  check_training(directory.path(), read_golden("tiny_xlmr"));
}

TEST_CASE("the starter encoder has the hidden states of transformers", "[core][model][parity]") {
  const auto directory = cache_directory() / "multilingual-e5-small";
  if (starter_is_missing(directory)) return;
  check_hidden_states(directory, read_golden("starter_bert"));
}

TEST_CASE("the starter encoder trains as it does in transformers", "[core][model][parity]") {
  const auto directory = cache_directory() / "multilingual-e5-small";
  if (starter_is_missing(directory)) return;
  check_training(directory, read_golden("starter_bert"));
}

TEST_CASE("the starter encoder as xlm-roberta has the hidden states of transformers",
          "[core][model][parity]") {
  const auto directory = cache_directory() / "multilingual-e5-small-xlm-roberta";
  if (starter_is_missing(directory)) return;
  check_hidden_states(directory, read_golden("starter_xlmr"));
}

TEST_CASE("the starter encoder as xlm-roberta trains as it does in transformers",
          "[core][model][parity]") {
  const auto directory = cache_directory() / "multilingual-e5-small-xlm-roberta";
  if (starter_is_missing(directory)) return;
  check_training(directory, read_golden("starter_xlmr"));
}

}  // namespace
}  // namespace sojourn
