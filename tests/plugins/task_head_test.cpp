// Heads built by plugins from the host's operations, against the same arithmetic written out.
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/TensorIndexing.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "core/base/philox.h"
#include "core/data/task.h"
#include "plugins/catalog.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

constexpr std::int64_t kHidden = 6;

at::Tensor random(const std::string& stream, const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const auto size : shape) n *= size;
  return at::tensor(random_normal({7, 0, 0}, stream, n)).view(shape);
}

struct MadeHead {
  explicit MadeHead(const std::string& task, std::int64_t vocabulary = 0)
      : catalog({std::filesystem::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"}) {
    const auto labels = catalog.task(task).manifest().head->labels.size();
    head = catalog.task(task).create_head(
        {kHidden, static_cast<std::int64_t>(labels), vocabulary},
        [&](std::string_view name, const std::vector<std::int64_t>& shape, std::string_view init) {
          inits[std::string(name)] = init;
          auto& value = parameters[std::string(name)];
          return value = random(std::string(name), shape).requires_grad_();
        });
  }

  PluginCatalog catalog;
  std::map<std::string, at::Tensor> parameters;
  std::map<std::string, std::string> inits;
  std::unique_ptr<Head> head;
};

TEST_CASE("The pair head is dense, tanh, linear on the first token", "[tasks][heads]") {
  MadeHead made("mnli");
  CHECK(made.inits["dense.weight"] == "normal(0.02)");
  CHECK(made.inits["out.bias"] == "zeros");
  auto& p = made.parameters;
  CHECK(p.size() == 4);
  CHECK(p["out.weight"].sizes() == at::IntArrayRef({3, kHidden}));

  const std::vector<at::Tensor> inputs{random("hidden", {2, 3, kHidden}),
                                       at::tensor(std::vector<std::int64_t>{2, 0})};
  const HeadBatch batch{inputs, 2, /*training=*/false, {}, 0};
  const auto logits = made.head->forward(batch)[0];
  const auto dense =
      at::tanh(at::linear(inputs[0].select(1, 0), p["dense.weight"], p["dense.bias"]));
  const auto expected = at::linear(dense, p["out.weight"], p["out.bias"]);
  CHECK(at::equal(logits, expected));

  const auto outputs = std::vector<at::Tensor>{logits};
  const auto loss = made.head->loss(batch, outputs);
  const auto log_p = at::log_softmax(expected, 1);
  CHECK(loss.item<float>() == Approx(-log_p[0][2].item<float>() - log_p[1][0].item<float>()));
  loss.backward();
  CHECK(p["dense.weight"].grad().abs().sum().item<float>() > 0);
}

TEST_CASE("The tagging head is linear on every token, and its loss leaves out -100",
          "[tasks][heads]") {
  MadeHead made("udpos");
  auto& p = made.parameters;
  CHECK(p.size() == 2);
  const std::vector<at::Tensor> inputs{
      random("hidden", {2, 2, kHidden}),
      at::tensor(std::vector<std::int64_t>{-100, 3, 16, -100}).view({2, 2})};
  const HeadBatch batch{inputs, 2, /*training=*/false, {}, 0};
  const auto outputs = made.head->forward(batch);
  const auto expected = at::linear(inputs[0], p["out.weight"], p["out.bias"]);
  CHECK(at::equal(outputs[0], expected));
  const auto log_p = at::log_softmax(expected, 2);
  CHECK(made.head->loss(batch, outputs).item<float>() ==
        Approx(-log_p[0][1][3].item<float>() - log_p[1][0][16].item<float>()));
}

TEST_CASE("The span head is linear without dropout, its loss that of starts and ends",
          "[tasks][heads]") {
  MadeHead made("squad");
  auto& p = made.parameters;
  CHECK(p.size() == 2);
  CHECK(made.inits["out.weight"] == "normal(0.02)");
  const std::vector<at::Tensor> inputs{
      random("hidden", {2, 3, kHidden}), at::ones({2, 3}, at::kLong),
      at::tensor(std::vector<std::int64_t>{1, 2, 0, 0}).view({2, 2})};
  const HeadBatch batch{inputs, 2, /*training=*/true, {}, 0};
  const auto outputs = made.head->forward(batch);
  const auto expected = at::linear(inputs[0], p["out.weight"], p["out.bias"]).transpose(1, 2);
  CHECK(at::equal(outputs[0], expected));
  const auto log_p = at::log_softmax(expected, 2);
  CHECK(made.head->loss(batch, outputs).item<float>() ==
        Approx(-log_p[0][0][1].item<float>() - log_p[0][1][2].item<float>() -
               log_p[1][0][0].item<float>() - log_p[1][1][0].item<float>()));
}

TEST_CASE("The head of a masked language model scores each chosen piece by the words' embeddings",
          "[tasks][heads]") {
  constexpr std::int64_t kVocabulary = 11;
  MadeHead made("mlm", kVocabulary);
  auto& p = made.parameters;
  CHECK(made.inits == std::map<std::string, std::string>{{"dense.weight", "normal(0.02)"},
                                                         {"dense.bias", "zeros"},
                                                         {"layer_norm.weight", "ones"},
                                                         {"layer_norm.bias", "zeros"},
                                                         {"bias", "zeros"}});
  CHECK(p["bias"].sizes() == at::IntArrayRef({kVocabulary}));
  const auto hidden = random("hidden", {2, 3, kHidden}).requires_grad_();
  const auto words = random("words", {kVocabulary, kHidden}).requires_grad_();
  const auto run = [&](const std::vector<std::int64_t>& labels) {
    const std::vector<at::Tensor> inputs{hidden, at::tensor(labels).view({2, 3}), words};
    const HeadBatch batch{inputs, 2, /*training=*/true, {}, 0};
    const auto outputs = made.head->forward(batch);
    CHECK(outputs.empty());
    return made.head->loss(batch, outputs);
  };
  const auto loss = run({-100, 4, -100, 10, -100, 0});
  const auto dense = at::gelu(at::linear(hidden, p["dense.weight"], p["dense.bias"]));
  const auto normed =
      at::layer_norm(dense, {kHidden}, p["layer_norm.weight"], p["layer_norm.bias"], 1e-5);
  const auto log_p = at::log_softmax(at::linear(normed, words, p["bias"]), 2);
  const auto expected = -log_p[0][1][4] - log_p[1][0][10] - log_p[1][2][0];
  CHECK(loss.item<float>() == Approx(expected.item<float>()));

  std::vector<at::Tensor> leaves{hidden, words};
  for (const auto& [name, value] : p) leaves.push_back(value);
  loss.backward();
  std::vector<at::Tensor> gradients;
  for (auto& leaf : leaves) {
    gradients.push_back(leaf.grad().clone());
    leaf.mutable_grad() = at::Tensor();
  }
  expected.backward();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    CAPTURE(i);
    CHECK(at::allclose(gradients[i], leaves[i].grad(), 1e-4, 1e-6));
  }

  const auto nothing = run(std::vector<std::int64_t>(6, -100));
  CHECK(nothing.item<float>() == 0);
  for (auto& leaf : leaves) leaf.mutable_grad() = at::Tensor();
  nothing.backward();
  CHECK(words.grad().abs().max().item<float>() == 0);
}

TEST_CASE("Padding changes neither the span head's loss nor its gradient", "[tasks][heads]") {
  MadeHead made("squad");
  const auto hidden = random("hidden", {1, 5, kHidden});
  const auto answer = at::tensor(std::vector<std::int64_t>{1, 2}).view({1, 2});
  const auto run = [&](std::int64_t width) {
    made.parameters["out.weight"].mutable_grad() = at::Tensor();
    const std::vector<at::Tensor> inputs{
        hidden.narrow(1, 0, width),
        at::tensor(std::vector<std::int64_t>{1, 1, 1, 0, 0}).view({1, 5}).narrow(1, 0, width),
        answer};
    const HeadBatch batch{inputs, 1, /*training=*/true, {}, 0};
    const auto loss = made.head->loss(batch, made.head->forward(batch));
    loss.backward();
    return std::pair{loss.item<float>(), made.parameters["out.weight"].grad().clone()};
  };
  const auto [loss, gradient] = run(3);
  const auto [padded_loss, padded_gradient] = run(5);
  CHECK(padded_loss == Approx(loss));
  CHECK(at::allclose(padded_gradient, gradient, 1e-6, 1e-6));
}

TEST_CASE("A head's dropout depends on the place in the step, not on the micro-batch",
          "[tasks][heads]") {
  const at::NoGradGuard no_grad;
  MadeHead made("mnli");
  const auto hidden = random("hidden", {4, 3, kHidden});
  const auto labels = at::zeros({4}, at::kLong);
  const RandomKey key{1, 0, 5};
  const auto run = [&](std::int64_t first, std::int64_t n, const RandomKey& with) {
    const std::vector<at::Tensor> inputs{hidden.narrow(0, first, n), labels.narrow(0, first, n)};
    return made.head->forward({inputs, n, /*training=*/true, with, first})[0];
  };
  const auto whole = run(0, 4, key);
  CHECK(at::allclose(whole.narrow(0, 0, 2), run(0, 2, key), 1e-6, 1e-6));
  CHECK(at::allclose(whole.narrow(0, 2, 2), run(2, 2, key), 1e-6, 1e-6));
  CHECK(at::equal(whole, run(0, 4, key)));
  CHECK_FALSE(at::equal(whole, run(0, 4, RandomKey{1, 0, 6})));
}

}  // namespace
}  // namespace sojourn
