// A task's head: what it computes, its loss and its gradients.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "core/eval/scorer.h"
#include "core/train/trainer.h"
#include "plugins/check/bench.h"
#include "plugins/check/head_trial.h"

namespace sojourn {

namespace {

std::string text_of(double number) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.6g", number);
  return text.data();
}

void create(TaskBench& bench) {
  HeadTrial trial(bench);
  const auto other = bench.new_head();
  const auto names = [](const TaskHead& head) {
    std::vector<std::string> all;
    for (const auto& parameter : head.parameters) all.push_back(parameter.name);
    return all;
  };
  if (names(trial.head()) != names(other))
    throw CheckFinding("a second head has other parameters than the first");
}

void forward(TaskBench& bench) {
  const at::NoGradGuard no_grad;
  HeadTrial trial(bench);
  const auto other = bench.new_head();  // of which the first knows nothing
  for (const std::int64_t count : {trial.features(), std::int64_t{1}}) {
    const auto inputs = trial.inputs(0, count);
    const auto first = trial.forward(inputs);
    const auto second = trial.forward(inputs);
    for (std::size_t o = 0; o < first.size(); ++o) {
      const std::string name = "output '" + trial.manifest().outputs[o].name + "'";
      if (first[o].is_floating_point() && first[o].isnan().any().item<bool>())
        throw CheckFinding(name + " is NaN somewhere");
      if (!at::equal(first[o], second[o]))
        throw CheckFinding(name + " differs when computed again, though nothing is trained");
    }
  }
  trial.head().head->forward(trial.inputs(0, trial.features()).batch(/*training=*/true));
}

void loss(TaskBench& bench) {
  HeadTrial trial(bench);
  const auto inputs = trial.inputs(0, trial.features());
  const auto first = trial.loss(inputs);
  const double value = first.item<double>();
  if (!std::isfinite(value)) throw CheckFinding("the loss is " + text_of(value));
  if (!first.requires_grad()) throw CheckFinding("the loss depends on no parameter and no input");
  const double second = trial.loss(inputs).item<double>();
  if (value != second) {
    throw CheckFinding("the loss is " + text_of(value) + ", and when computed again " +
                       text_of(second) + ", though nothing is trained");
  }
  const auto batch = inputs.batch(/*training=*/true);
  const auto outputs = trial.head().head->forward(batch);
  trial.head().head->loss(batch, outputs);
}

void sum(TaskBench& bench) {
  if (bench.manifest().batch_negatives)
    throw CheckSkipped("the loss compares the examples of a batch");
  const at::NoGradGuard no_grad;
  HeadTrial trial(bench);
  const double whole = trial.loss(trial.inputs(0, trial.features())).item<double>();
  double parts = 0;
  for (std::int64_t i = 0; i < trial.features(); ++i)
    parts += trial.loss(trial.inputs(i, 1)).item<double>();
  // Sums of some hundred float32 numbers; padding changes the encoder's rounding.
  constexpr double kTolerance = 1e-4;
  if (std::abs(whole - parts) > kTolerance * std::max(1.0, std::abs(parts))) {
    throw CheckFinding("the loss of " + std::to_string(trial.features()) + " features is " +
                       text_of(whole) + " in one batch, and one by one " + text_of(parts) +
                       " in sum");
  }
}

// The change of the loss along `direction`, by central differences of this step.
double slope(HeadTrial& trial, const HeadBatchInputs& inputs, const at::Tensor& value,
             const at::Tensor& direction, double step) {
  const at::NoGradGuard no_grad;
  const auto kept = value.clone();
  const auto at_place = [&](double place) {
    value.copy_(kept + direction * place);
    return trial.loss(inputs).item<double>();
  };
  const double above = at_place(step);
  const double below = at_place(-step);
  value.copy_(kept);
  return (above - below) / (2 * step);
}

// Throws unless the gradient says what the loss does along a direction. The loss is float32: with a
// step too small its rounding is all there is, with one too large its curvature, or a kink of a
// relu, so that one step out of several must agree.
void check_slope(HeadTrial& trial, const HeadBatchInputs& inputs, const NamedTensor& tensor,
                 const at::Tensor& gradient, const at::Tensor& direction, double magnitude) {
  constexpr double kTolerance = 0.02;  // of the larger of slope and gradient
  constexpr std::array kSteps{3e-2, 1e-2, 3e-3, 1e-1};
  const double expected = (gradient * direction).sum().item<double>();
  double found = 0;
  for (const double step : kSteps) {
    found = slope(trial, inputs, tensor.value, direction, step);
    const double noise = 4e-7 * magnitude / step;
    if (std::abs(found - expected) <=
        kTolerance * std::max(std::abs(found), std::abs(expected)) + noise)
      return;
  }
  throw CheckFinding(tensor.name +
                     ": along a direction the gradient says that the loss changes by " +
                     text_of(expected) + ", finite differences say " + text_of(found));
}

void gradient(TaskBench& bench) {
  HeadTrial trial(bench);
  const auto inputs = trial.inputs(0, trial.features());
  const auto value = trial.loss(inputs);
  const double magnitude = std::max(1.0, std::abs(value.item<double>()));
  value.backward();
  int number = 0;
  for (const auto& tensor : trial.differentiated(inputs)) {
    const auto& given = tensor.value.grad();
    const at::Tensor gradient = given.defined() ? given.detach() : at::zeros_like(tensor.value);
    const double norm = gradient.norm().item<double>();
    if (!std::isfinite(norm)) throw CheckFinding(tensor.name + ": the gradient isn't finite");
    if (norm > 0) check_slope(trial, inputs, tensor, gradient, gradient / norm, magnitude);
    const auto drawn =
        random_normal({1, 0, 0}, "check/" + std::to_string(number++), tensor.value.numel());
    const auto direction = at::tensor(drawn, at::kFloat).view(tensor.value.sizes());
    check_slope(trial, inputs, tensor, gradient, direction / direction.norm(), magnitude);
  }
}

// The primary metric of the examples that were trained on, in percent; nothing where it is no
// share.
std::optional<double> score_of(const HeadTrial& trial, TaskBench& bench, const Encoder& encoder,
                               TaskHead& head) {
  const auto& manifest = bench.manifest();
  if (!manifest.is_scored() || manifest.search || bench.task().tunes()) return std::nullopt;
  const auto scores = encode_dataset(encoder, *head.head, head.inputs, manifest, trial.data(),
                                     bench.tokenizer().pad_id())
                          .score("");
  for (const auto& metric : scores.metrics) {
    if (metric.primary) return metric.value;
  }
  return std::nullopt;
}

void overfit(TaskBench& bench) {
  constexpr double kEnough = 0.5;    // of the first loss
  constexpr double kNothing = 0.02;  // after which nothing more is learnt
  constexpr double kRight = 90;      // percent
  HeadTrial trial(bench);
  Encoder& encoder = bench.new_encoder();
  TaskHead head = bench.new_head();
  const auto n = trial.features();
  const std::vector<TrainedTask> tasks{{.head = &head,
                                        .manifest = &bench.manifest(),
                                        .features = &trial.data().features,
                                        .batch_size = n,
                                        .micro_batch = n}};
  TrainingSettings settings;
  settings.stage = "check";
  settings.steps = 400;
  settings.peak_lr = 1e-3;
  settings.warmup = 0.1;
  settings.key = {1, 0, 0};
  settings.pad_id = bench.tokenizer().pad_id();
  settings.masking = masking_ids(bench.tokenizer());
  settings.evaluation = {.every = 25, .patience = 1};
  std::vector<double> losses;
  std::optional<double> score;
  const auto step = [&](const StepReport& report) {
    losses.push_back(report.loss);
    if (losses.front() == 0) throw CheckFinding("the loss is 0 before anything is learnt");
    return std::string();
  };
  const auto evaluate = [&](std::int64_t at) {
    score = score_of(trial, bench, encoder, head);
    const double left = losses.back() / losses.front();
    const bool done = left <= kNothing || (left <= kEnough && score.value_or(kRight) >= kRight);
    // No best one, so that patience ends the stage; else a better one than before.
    return EvaluationReport{done ? std::nan("") : static_cast<double>(at), ""};
  };
  train(encoder, tasks, settings, {.step = step, .evaluate = evaluate});
  const std::string steps = " after " + std::to_string(losses.size()) + " steps on " +
                            std::to_string(trial.data().examples) + " examples";
  if (losses.back() > kEnough * losses.front()) {
    throw CheckFinding("the loss is " + text_of(losses.back()) + steps + ", it was " +
                       text_of(losses.front()));
  }
  if (score.value_or(kRight) >= kRight) return;
  throw CheckFinding("the loss fell from " + text_of(losses.front()) + " to " +
                     text_of(losses.back()) + ", and yet the primary metric on these examples is " +
                     text_of(*score) + steps + ", expected " + text_of(kRight));
}

}  // namespace

TaskTest head_test(std::string_view id) {
  if (id == "head.create") return &create;
  if (id == "head.forward") return &forward;
  if (id == "head.loss") return &loss;
  if (id == "head.sum") return &sum;
  if (id == "head.gradient") return &gradient;
  if (id == "train.overfit") return &overfit;
  return nullptr;
}

}  // namespace sojourn
