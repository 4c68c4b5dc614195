// Adapters beside the encoder's weights, and their directories. What peft makes of them is
// tests/parity/adapters_in_peft.py.
#include <memory>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/base/text.h"
#include "core/model/encoder.h"
#include "core/model/low_rank.h"
#include "core/model/peft.h"
#include "core/model/tiny_model.h"
#include "core/train/adamw.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr std::int64_t kLayers = 4;
constexpr RandomKey kKey{1, 0, 0};

EncoderBatch some_batch() {
  return {at::tensor(std::vector<std::int64_t>{0, 20, 21, 2, 0, 30, 2, 1}).view({2, 4}), {4, 3}};
}

Adapter lora() {
  Adapter adapter;
  adapter.kind = "lora";
  adapter.rank = 4;
  adapter.dropout = 0;
  return adapter;
}

class AdapterFixture {
 public:
  AdapterFixture() {
    write_tiny_model(directory_.path() / "encoder", EncoderType::kXlmRoberta);
    encoder = load();
  }

  std::unique_ptr<Encoder> load() const {
    return std::make_unique<Encoder>(directory_.path() / "encoder", at::kCPU);
  }
  fs::path folder(const std::string& name) const { return directory_.path() / name; }
  // The file of weights that the encoder would write.
  std::string weights(const Encoder& of) const {
    of.save(folder("saved"));
    return read_file(folder("saved") / "model.safetensors");
  }

  // A few steps, large enough to show.
  void train(const Adapter& adapter, std::int64_t highest_layer = kLayers) {
    AdamW optimizer(encoder->begin_adapting(adapter, highest_layer, kKey), {});
    for (int step = 0; step < 3; ++step) {
      encoder->forward(some_batch(), highest_layer, nullptr)
          .layer(highest_layer)
          .select(1, 0)
          .pow(3)
          .mean()
          .backward();
      optimizer.step(1e-2, 1);
      encoder->parameters_changed();
    }
    encoder->end_training(optimizer.untouched_factor());
  }

  std::unique_ptr<Encoder> encoder;

 private:
  TemporaryDirectory directory_;
};

at::Tensor hidden(const Encoder& encoder) {
  const at::NoGradGuard no_grad;
  return encoder.forward(some_batch(), kLayers, nullptr).layer(kLayers);
}

double largest(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST_CASE_METHOD(AdapterFixture, "A new adapter changes nothing, a trained one does",
                 "[model][adapter]") {
  const auto before = hidden(*encoder);
  const auto parameters = encoder->begin_adapting(lora(), kLayers, kKey);
  CHECK(parameters.size() == kLayers * 2 * 2);
  CHECK(at::equal(hidden(*encoder), before));
  train(lora());
  CHECK(largest(hidden(*encoder), before) > 1e-3);
}

TEST_CASE_METHOD(AdapterFixture, "Without merging, not a bit of the encoder's weights changes",
                 "[model][adapter]") {
  const std::string before = weights(*encoder);
  Adapter adapter = lora();
  adapter.merge = false;
  adapter.targets = {"query", "key", "value", "dense"};
  train(adapter);
  CHECK(weights(*encoder) == before);
}

TEST_CASE_METHOD(AdapterFixture, "Merged and kept apart are the same encoder, but for rounding",
                 "[model][adapter]") {
  Adapter adapter = lora();
  adapter.merge = false;
  adapter.targets = {"query", "key", "dense"};
  train(adapter);
  const auto apart = hidden(*encoder);
  const std::string before = weights(*encoder);
  SECTION("by the end of the stage") {
    encoder = load();
    adapter.merge = true;
    train(adapter);
  }
  SECTION("by the stage that starts from it") {
    encoder->begin_training({0, 1, 2}, 0);
    encoder->end_training(1);
  }
  CHECK(weights(*encoder) != before);
  CHECK(largest(hidden(*encoder), apart) < 1e-6);
}

TEST_CASE_METHOD(
    AdapterFixture,
    "Only chosen layers below what is seen are adapted, and those below need no gradient",
    "[model][adapter]") {
  Adapter adapter = lora();
  adapter.layers = {2, 3, 4};
  const auto parameters = encoder->begin_adapting(adapter, 3, kKey);
  CHECK(parameters.size() == 8);  // two layers, two modules, two matrices
  CHECK(encoder->adapted()->layers == std::vector<std::int64_t>{2, 3});
  CHECK(parameters.front().name == "encoder.layer.1.attention.self.query.lora_A.weight");
  const auto states = encoder->forward(some_batch(), 3, nullptr);
  CHECK_FALSE(states.layer(0).requires_grad());
  CHECK_FALSE(states.layer(1).requires_grad());
  CHECK(states.layer(2).requires_grad());
}

TEST_CASE_METHOD(AdapterFixture, "First values depend on the key and the module alone",
                 "[model][adapter]") {
  Adapter adapter = lora();
  adapter.targets = {"value"};
  const auto one = encoder->begin_adapting(adapter, kLayers, kKey)[0].value.clone();
  adapter.targets = {"query", "value"};
  const auto both = encoder->begin_adapting(adapter, kLayers, kKey)[2].value.clone();
  CHECK(at::equal(one, both));
  CHECK_FALSE(at::equal(one, encoder->begin_adapting(adapter, kLayers, {2, 0, 0})[2].value));
  const double bound = 1 / std::sqrt(static_cast<double>(encoder->config().hidden_size));
  CHECK(one.abs().max().item<double>() <= bound);
  CHECK(one.abs().max().item<double>() > 0.8 * bound);
}

TEST_CASE_METHOD(AdapterFixture, "Dropout depends on the step", "[model][adapter]") {
  Adapter adapter = lora();
  adapter.dropout = 0.5;
  const auto parameters = encoder->begin_adapting(adapter, 1, kKey);
  const at::NoGradGuard no_grad;
  for (const auto& parameter : parameters) {
    const at::Tensor value = parameter.value;
    value.copy_(at::full_like(value, 0.1));
  }
  const auto at_step = [&](std::uint64_t step) {
    const StepRandom random{{1, 0, step}, 0};
    return encoder->forward(some_batch(), 1, &random).layer(1);
  };
  CHECK(at::equal(at_step(1), at_step(1)));
  CHECK_FALSE(at::equal(at_step(1), at_step(2)));
}

TEST_CASE("Matrices beside a part of a weight do what plain operations do, dropout included",
          "[model][adapter]") {
  const auto some = [](std::int64_t rows, std::int64_t columns, double step) {
    return (at::arange(rows * columns, at::kFloat) * step).sin().view({rows, columns});
  };
  Adapter adapter = lora();
  adapter.dropout = 0.3;
  LowRank low_rank("module", some(6, 8, 1), 2, adapter, kKey);
  const at::Tensor a = low_rank.parameters()[0]->value;
  const at::Tensor b = low_rank.parameters()[1]->value;
  b.data().copy_(some(6, 4, 0.7));
  const auto x = some(7, 8, 0.3).requires_grad_();
  const Packing packing({4, 3}, 4, at::kCPU);
  const StepRandom random{{1, 0, 5}, 3};
  const auto gradients = [&](const at::Tensor& y) {
    for (auto* tensor : {&x, &a, &b}) tensor->mutable_grad() = at::Tensor();
    y.pow(2).sum().backward();
    return std::vector<at::Tensor>{x.grad(), a.grad(), b.grad()};
  };

  const auto y = low_rank.add_to(at::matmul(x, some(8, 10, 0.9)), x, packing, &random);
  const auto fast = gradients(y);

  const DropoutMask mask(adapter.dropout, {random.key, "adapter/module", random.first_row});
  const auto seen = dropout(x, mask, packing.tokens());
  const auto parts = at::matmul(x, some(8, 10, 0.9)).split_with_sizes({2, 6, 2}, 1);
  const auto added = at::matmul(at::matmul(seen, a.t()), b.t()) * (adapter.alpha / 4.0);
  const auto plain_y = at::cat({parts[0], parts[1] + added, parts[2]}, 1);
  const auto plain = gradients(plain_y);

  CHECK_FALSE(at::equal(seen, x));
  CHECK(largest(y, plain_y) < 1e-5);
  for (std::size_t i = 0; i < plain.size(); ++i)
    CHECK(largest(fast[i], plain[i]) < 1e-5 * plain[i].abs().max().item<double>());
}

TEST_CASE_METHOD(AdapterFixture, "A written adapter is the stage again, bit for bit",
                 "[model][adapter]") {
  Adapter adapter = lora();
  adapter.merge = GENERATE(true, false);
  adapter.layers = {1, 4};
  train(adapter);
  save_adapter(folder("adapter"), *encoder);
  const auto again = load();
  apply_adapter(folder("adapter"), *again, adapter.merge);
  CHECK(at::equal(hidden(*again), hidden(*encoder)));
  CHECK(weights(*again) == weights(*encoder));
  CHECK(read_adapter_config(folder("adapter")).layers == adapter.layers);
}

TEST_CASE_METHOD(AdapterFixture, "An adapter of other weights is refused", "[model][adapter]") {
  train(lora());
  save_adapter(folder("adapter"), *encoder);
  const std::string error =
      input_error_of([&] { apply_adapter(folder("adapter"), *encoder, true); });
  CHECK_THAT(error, Contains("adapter_model.safetensors") && Contains("other weights"));
}

TEST_CASE_METHOD(AdapterFixture, "What isn't such an adapter is refused with file and key",
                 "[model][adapter]") {
  train(lora());
  save_adapter(folder("adapter"), *encoder);
  const fs::path file = folder("adapter") / "adapter_config.json";
  const std::string config = read_file(file);
  const auto error_with = [&](const std::string& from, const std::string& to) {
    write_file(file, replace_all(config, from, to));
    return input_error_of([&] { apply_adapter(folder("adapter"), *load(), true); });
  };
  CHECK_THAT(error_with("LORA", "IA3"), Contains(file.string()) && Contains("peft_type"));
  CHECK_THAT(error_with("\"bias\": \"none\"", "\"bias\": \"all\""), Contains("bias"));
  CHECK_THAT(error_with("\"inference_mode\"", "\"use_dora\""), Contains("use_dora"));
  CHECK_THAT(error_with("\"r\": 4", "\"r\": 5"), Contains("another shape"));
  CHECK_THAT(error_with("\"r\": 4", "\"rank\": 4"), Contains("'r' is missing"));
  CHECK_THAT(error_with("\"query\"", "\"key\""),
             Contains("has no tensor") || Contains("key.lora_A"));
  CHECK_THAT(error_with("\"query\",", ""), Contains("belongs to no module"));
}

TEST_CASE("An adapter that doesn't fit the encoder is refused with the key", "[model][adapter]") {
  EncoderConfig config;
  config.hidden_size = 32;
  config.layers = 4;
  const auto error_of = [&](const auto& change) {
    Adapter adapter = lora();
    change(adapter);
    return input_error_of([&] { check_adapter(adapter, config, "study.toml:3:1"); });
  };
  CHECK(error_of([](Adapter&) {}) == "(no error)");
  CHECK_THAT(error_of([](Adapter& a) { a.targets = {"query", "quarry"}; }),
             Contains("study.toml:3:1: adapter.targets holds 'quarry'") &&
                 Contains("attention.self.query"));
  CHECK_THAT(error_of([](Adapter& a) { a.targets = {"uery"}; }), Contains("'uery'"));
  CHECK_THAT(error_of([](Adapter& a) { a.rank = 33; }), Contains("adapter.rank is 33"));
  CHECK_THAT(error_of([](Adapter& a) { a.layers = {5}; }), Contains("layers 1 to 4"));
  TemporaryDirectory directory;
  write_tiny_model(directory.path(), EncoderType::kBert);
  Encoder encoder(directory.path(), at::kCPU);
  Adapter adapter = lora();
  adapter.layers = {3};
  CHECK_THAT(input_error_of([&] { encoder.begin_adapting(adapter, 2, kKey); }),
             Contains("adapter.layers") && Contains("1 to 2"));
}

}  // namespace
}  // namespace sojourn
