#include "core/train/trainer.h"

#include <limits>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.h"
#include "core/data/batches.h"
#include "core/model/head_inputs.h"
#include "core/train/linear_schedule.h"
#include "tests/core/train/toy_stage.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using Catch::Contains;

// What was trained, in the order of the optimizer's list.
std::vector<at::Tensor> trained_values(ToyStage& stage) {
  std::vector<at::Tensor> values;
  for (const auto& parameter : stage.encoder().trained_parameters())
    values.push_back(parameter.value);
  for (const auto* head : stage.heads()) {
    for (const auto& parameter : head->parameters) values.push_back(parameter.value.detach());
  }
  return values;
}

bool all_equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const at::Tensor& x, const at::Tensor& y) { return at::equal(x, y); });
}

double largest_difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double largest = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, (a[i] - b[i]).abs().max().item<double>());
  return largest;
}

// The loop of a stage with one task, written out.
std::vector<at::Tensor> plain_loop(ToyStage& stage, std::string& curve) {
  const ToyPart& part = stage.parts[0];
  const auto& manifest = stage.task(0).manifest();
  const auto& features = stage.features(0);
  const auto& settings = stage.settings;
  const auto encoder = stage.load_encoder();
  auto heads = stage.new_heads();
  auto parameters = encoder->begin_training(features.used_ids(), encoder->config().layers);
  for (const auto& parameter : heads[0].parameters) parameters.push_back(parameter);
  AdamW optimizer(parameters, settings.adamw);
  const LinearSchedule schedule(settings.peak_lr, settings.warmup, settings.steps);
  std::int64_t s = 0;
  for (RandomKey epoch = settings.key; s < settings.steps; ++epoch.step) {
    for (const auto& chosen :
         epoch_batches(features.lengths(), part.batch_size, epoch, manifest.name)) {
      if (s == settings.steps) break;
      StepReport report{s + 1, 0, 0, schedule.rate(s), 0, 0, 0};
      RandomKey key = settings.key;
      key.step = static_cast<std::uint64_t>(s++);
      const auto items = static_cast<double>(chosen.size());
      for (std::size_t i = 0; i < chosen.size(); i += 3) {
        auto batch = collate(
            features, std::span(chosen).subspan(i, std::min<std::size_t>(3, chosen.size() - i)),
            settings.pad_id);
        batch.first_row = static_cast<std::int64_t>(i);
        const StepRandom random{key, batch.first_row};
        const auto inputs = head_inputs(*encoder, batch, manifest, manifest.inputs, &random);
        const HeadBatch head_batch{inputs, batch.size, true, key, batch.first_row};
        const auto loss = heads[0].head->loss(head_batch, heads[0].head->forward(head_batch));
        report.loss += loss.item<double>();
        loss.backward();
        for (const auto length : batch.lengths) report.real_tokens += length;
        report.padded_tokens += batch.ids.numel();
      }
      report.loss /= items;
      report.gradient_norm = optimizer.step(report.rate, items);
      encoder->parameters_changed();
      curve += toy_curve(report);
    }
  }
  encoder->end_training(optimizer.untouched_factor());
  std::vector<at::Tensor> values;
  for (const auto& parameter : parameters) values.push_back(parameter.value.detach());
  return values;
}

TEST_CASE("a stage of one task is the plain loop, bit for bit", "[core][train]") {
  ToyStage stage({{"a"}});
  std::string curve;
  const auto expected = plain_loop(stage, curve);
  const auto outcome = stage.run();
  CHECK(outcome.result.curve == curve);
  CHECK(outcome.result.steps == 6);
  CHECK(all_equal(trained_values(stage), expected));
}

TEST_CASE("a step of k micro-batches is the step of all at once, clipped as a whole",
          "[core][train]") {
  ToyStage stage({{"a"}});
  stage.leave_out_dropout();
  stage.settings.adamw.epsilon = 1;  // so that the size of the gradient shows
  stage.settings.adamw.max_grad_norm = 0.5;
  stage.settings.peak_lr = 0.1;
  std::vector<double> norms;
  stage.parts[0].micro_batch = 8;
  stage.run({[&](const StepReport& step) {
    norms.push_back(step.gradient_norm);
    return std::string();
  }});
  const auto at_once = trained_values(stage);
  CHECK(*std::min_element(norms.begin(), norms.end()) > 0.5);  // so that every step is clipped
  for (const std::int64_t micro_batch : {1, 2, 4}) {
    stage.parts[0].micro_batch = micro_batch;
    stage.run();
    CHECK(largest_difference(trained_values(stage), at_once) < 1e-6);
  }
}

// The loss of the whole data set of a part, as one batch without dropout.
at::Tensor mean_loss(const Encoder& encoder, ToyStage& stage, std::size_t part, TaskHead& head) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(stage.features(part).size()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  const auto batch = collate(stage.features(part), all, stage.settings.pad_id);
  const auto inputs =
      head_inputs(encoder, batch, stage.task(part).manifest(), head.inputs, nullptr);
  const HeadBatch head_batch{inputs, batch.size, true, {}, 0};
  return head.head->loss(head_batch, head.head->forward(head_batch)) /
         static_cast<double>(all.size());
}

TEST_CASE("a step of all tasks follows the weighted sum of their mean losses", "[core][train]") {
  ToyStage stage({{.task = "a", .features = 7, .loss_weight = 0.5},
                  {.task = "b", .features = 5, .first_id = 60, .loss_weight = 2}});
  stage.leave_out_dropout();
  stage.settings.step_tasks = StepTasks::kAll;
  stage.settings.steps = 1;
  stage.settings.warmup = 0;
  stage.settings.adamw.epsilon = 1;
  StepReport report;
  stage.run({[&](const StepReport& step) {
    report = step;
    return std::string();
  }});
  const auto trained = trained_values(stage);

  const auto encoder = stage.load_encoder();
  auto heads = stage.new_heads();
  auto parameters = encoder->begin_training(stage.encoder().active_ids(), 4);
  for (const auto& head : heads)
    parameters.insert(parameters.end(), head.parameters.begin(), head.parameters.end());
  const auto sum =
      0.5 * mean_loss(*encoder, stage, 0, heads[0]) + 2 * mean_loss(*encoder, stage, 1, heads[1]);
  sum.backward();
  AdamW optimizer(parameters, stage.settings.adamw);
  CHECK(report.loss == Approx(sum.item<double>()).epsilon(1e-6));
  CHECK(report.gradient_norm == Approx(optimizer.step(1e-3, 1)).epsilon(1e-6));
  CHECK_FALSE(report.task);
  std::vector<at::Tensor> expected;
  for (const auto& parameter : parameters) expected.push_back(parameter.value.detach());
  CHECK(largest_difference(trained, expected) < 1e-6);
}

TEST_CASE("a task's weight multiplies its loss where steps are drawn", "[core][train]") {
  ToyStage stage({{"a"}});
  stage.settings.steps = 1;
  StepReport report;
  const TrainingHooks hooks{[&](const StepReport& step) {
    report = step;
    return std::string();
  }};
  stage.run(hooks);
  const StepReport plain = report;
  stage.parts[0].loss_weight = 3;
  stage.run(hooks);
  CHECK(report.loss == Approx(3 * plain.loss));
  CHECK(report.gradient_norm == Approx(3 * plain.gradient_norm));
}

// The loss of the second of two tasks in the first step that trains both, everything equal but what
// is drawn.
double second_loss(const std::string& first, const std::string& second, double first_weight = 0) {
  ToyStage stage(
      {{.task = first, .features = 12, .loss_weight = first_weight, .head = "h", .batch_size = 12},
       {.task = second,
        .features = 12,
        .loss_weight = 1 - first_weight,
        .head = "h",
        .batch_size = 12}});
  stage.settings.step_tasks = StepTasks::kAll;
  stage.settings.steps = 1;
  double loss = 0;
  stage.run({[&](const StepReport& step) {
    loss = step.loss;
    return std::string();
  }});
  return loss;
}

TEST_CASE("tasks of one step draw their dropout apart, by their names", "[core][train]") {
  const double b = second_loss("a", "b");
  CHECK(b == second_loss("c", "b"));
  CHECK(b != second_loss("a", "c"));
  CHECK(b != second_loss("a", "b", /*first_weight=*/1));  // that of the first
}

TEST_CASE("a task's batches and steps don't depend on one that is never drawn", "[core][train]") {
  ToyStage alone({{.task = "a", .share = 0.6}, {.task = "b", .first_id = 30, .share = 0.4}});
  ToyStage joined({{.task = "a", .share = 0.6},
                   {.task = "b", .first_id = 30, .share = 0.4},
                   {.task = "c", .first_id = 80, .share = 0}});
  const auto expected = alone.run();
  const auto found = joined.run();
  CHECK(found.result.curve == expected.result.curve);
  CHECK(found.state == expected.state);
}

TEST_CASE("the task of each step is the drawn one", "[core][train]") {
  ToyStage stage(
      {{.task = "a", .share = 0}, {.task = "b", .share = 0.5}, {.task = "c", .share = 0.5}});
  std::vector<std::size_t> tasks;
  stage.run({[&](const StepReport& step) {
    tasks.push_back(step.task.value());
    return std::string();
  }});
  std::vector<std::size_t> expected;
  for (std::int64_t s = 0; s < 6; ++s)
    expected.push_back(drawn_task(stage.settings.key, s, {0, 0.5, 0.5}));
  CHECK(tasks == expected);
}

TEST_CASE("tasks of one head name train one head", "[core][train]") {
  ToyStage stage({{.task = "a", .share = 0.5, .head = "shared"},
                  {.task = "b", .share = 0.5, .head = "shared"}});
  stage.run();
  REQUIRE(stage.heads().size() == 1);
  CHECK(stage.heads()[0]->parameters[0].name == "head.shared.weight");
  CHECK_FALSE(
      at::equal(stage.heads()[0]->parameters[0].value, stage.new_heads()[0].parameters[0].value));
}

TEST_CASE("a loss that isn't finite ends the stage, with task and step", "[core][train]") {
  ToyStage stage({{.task = "a"}, {.task = "b"}});
  stage.settings.step_tasks = StepTasks::kAll;
  int calls = 0;
  stage.task(1).before_forward = [&] {
    if (++calls < 7) return;  // 3 micro-batches a step: in step 3
    for (const auto& parameter : stage.heads()[1]->parameters)
      parameter.value.detach().fill_(std::numeric_limits<float>::quiet_NaN());
  };
  try {
    stage.run();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kNumeric);
    CHECK_THAT(error.what(), Contains("stage toy, task 'b': the loss became nan at step 3 of 6") &&
                                 Contains("learning rate 0.001"));
  }
}

}  // namespace
}  // namespace sojourn
