// Functions with gradients of their own: the conditional random field of examples/crf-tagger
// against the sum over all paths, and functions that break the contract.
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.h"
#include "core/base/philox.h"
#include "core/data/task.h"
#include "plugins/catalog.h"
#include "tests/plugins/fakes/functions_modes.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

const fs::path kPlugins = fs::path(SOJOURN_BINARY_DIR) / "tests/plugins";

at::Tensor random(const std::string& stream, const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const auto size : shape) n *= size;
  return at::tensor(random_normal({7, 0, 0}, stream, n)).view(shape);
}

// -log p(path) of one sentence, emissions [n, tags], by the sum over all tags^n paths.
at::Tensor enumerated(const at::Tensor& emissions, const at::Tensor& transitions,
                      const std::vector<std::int64_t>& path) {
  const std::int64_t tags = emissions.size(1);
  const auto score = [&](const std::vector<std::int64_t>& of) {
    auto sum = emissions[0][of[0]];
    for (std::size_t i = 1; i < of.size(); ++i)
      sum = sum + transitions[of[i - 1]][of[i]] + emissions[static_cast<std::int64_t>(i)][of[i]];
    return sum;
  };
  std::vector<at::Tensor> scores;
  std::vector<std::int64_t> other(path.size(), 0);
  for (;;) {
    scores.push_back(score(other));
    std::size_t i = 0;
    while (i < other.size() && ++other[i] == tags) other[i++] = 0;
    if (i == other.size()) break;
  }
  return at::logsumexp(at::stack(scores), 0) - score(path);
}

TEST_CASE("A conditional random field's loss and gradients are those of the sum over all paths",
          "[plugins][functions]") {
  constexpr std::int64_t kHidden = 4;
  PluginCatalog catalog({kPlugins / "names-crf"});
  std::map<std::string, at::Tensor> parameters;
  const auto head = catalog.task("names-crf")
                        .create_head({kHidden, 5, 0},
                                     [&](std::string_view name,
                                         const std::vector<std::int64_t>& shape, std::string_view) {
                                       return parameters[std::string(name)] =
                                                  random(std::string(name), shape).requires_grad_();
                                     });
  const std::int64_t none = -100;
  const auto labels = at::tensor(std::vector<std::int64_t>{none, 2, none, 0, 4,        //
                                                           1, none, none, none, none,  //
                                                           none, none, none, none, none})
                          .view({3, 5});
  const std::vector<at::Tensor> inputs{random("hidden", {3, 5, kHidden}), labels};
  const HeadBatch batch{inputs, 3, /*training=*/false, {}, 0};
  const auto outputs = head->forward(batch);
  CHECK(outputs[1].sizes() == at::IntArrayRef({3, 5, 5}));
  const auto loss = head->loss(batch, outputs);
  (loss * 0.5).backward();

  auto w = parameters["out.weight"].detach().clone().requires_grad_();
  auto t = parameters["transitions"].detach().clone().requires_grad_();
  const auto logits = at::linear(inputs[0], w, parameters["out.bias"].detach());
  const auto words = at::stack({logits[0][1], logits[0][3], logits[0][4]});
  const auto expected =
      enumerated(words, t, {2, 0, 4}) + enumerated(logits[1].narrow(0, 0, 1), t, {1});
  CHECK(loss.item<float>() == Approx(expected.item<float>()).epsilon(1e-6));
  (expected * 0.5).backward();
  CHECK(at::allclose(parameters["out.weight"].grad(), w.grad(), 1e-5, 1e-6));
  CHECK(at::allclose(parameters["transitions"].grad(), t.grad(), 1e-5, 1e-6));
}

// What goes wrong in a step of the fake's head in this mode; "" where nothing does.
std::string step_of(std::int64_t mode) {
  PluginCatalog catalog({kPlugins / "functions"});
  try {
    at::Tensor weight;
    const auto head = catalog.task("fake").create_head(
        {mode, 0, 0},
        [&](std::string_view, const std::vector<std::int64_t>& shape, std::string_view) {
          return weight = at::ones(shape, at::kFloat).requires_grad_();
        });
    const std::vector<at::Tensor> inputs{at::ones({2, 3, mode}), at::zeros({2}, at::kLong)};
    const HeadBatch batch{inputs, 2, true, {}, 0};
    const auto loss = head->loss(batch, head->forward(batch));
    loss.backward();
    CHECK(weight.grad().eq(6.F * static_cast<float>(mode)).all().item<bool>());
    return "";
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kPlugin);
    return error.what();
  }
}

TEST_CASE("A plugin's own function: what breaks the contract is an error with its name",
          "[plugins][functions]") {
  const auto [mode, callback, message] = GENERATE(table<int, std::string, std::string>({
      {kNoFunction, "head_loss", "autograd_apply needs a function of a known size"},
      {kSmallFunction, "head_loss", "autograd_apply needs a function of a known size"},
      {kNoBackward, "head_loss", "autograd_apply needs a function with forward and backward"},
      {kForgedInput, "head_loss", "input 0 is no tensor of this call"},
      {kTooManyInputs, "head_loss", "autograd_apply takes at most 64 inputs and outputs"},
      {kHugeArray, "head_loss", "the array is of an impossible size"},
      {kUnknownArray, "head_loss", "the array is of no known type"},
      {kNoArray, "head_loss", "the array has no data"},
      {kForgedArray, "head_loss", "the argument is no tensor of this call"},
      {kArrayInCreate, "head_create",
       "from_array may be called in head_forward, head_loss and the "
       "callbacks of a function only, not in head_create"},
      {kForwardFails, "autograd_fn.forward", "no luck"},
      {kForwardGivesNothing, "autograd_fn.forward", "output 0 is no tensor of this call"},
      {kAppliesWithin, "autograd_fn.forward",
       "autograd_apply may be called in head_forward and head_loss only, not in "
       "autograd_fn.forward"},
      {kSeesOtherTensors, "autograd_fn.forward", "the argument is no tensor of this call"},
      {kGivesIntegers, "autograd_fn.forward", "output 0 is of integers, which have no gradient"},
      {kBackwardFails, "autograd_fn.backward", "no way back"},
      {kWrongGradient, "autograd_fn.backward",
       "the gradient by input 0 has shape [], expected [2, 3, 2]"},
  }));
  CAPTURE(mode);
  CHECK_THAT(step_of(mode), Catch::EndsWith("plugin functions 1.0, " + callback + ": " + message));
}

TEST_CASE("A plugin's own function: its gradient reaches the parameters", "[plugins][functions]") {
  CHECK(step_of(kNothingWrong).empty());
}

}  // namespace
}  // namespace sojourn
