#include "core/train/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/model/head_inputs.h"
#include "core/train/linear_schedule.h"
#include "core/train/step_feed.h"

namespace sojourn {

namespace {

bool takes_part(const TrainedTask& task, StepTasks step_tasks) {
  return step_tasks == StepTasks::kAll || task.share > 0;
}

// The rows of the vocabulary that the task's batches can hold, or that its head reads.
std::vector<std::int64_t> rows_of(const TrainedTask& task, std::int64_t vocabulary) {
  if (!uses_word_table(*task.manifest)) return task.features->used_ids();
  std::vector<std::int64_t> all(static_cast<std::size_t>(vocabulary));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<std::int64_t> active_rows(const Encoder& encoder, const std::vector<TrainedTask>& tasks,
                                      StepTasks step_tasks) {
  std::vector<std::int64_t> rows;  // sorted, distinct
  for (const auto& task : tasks) {
    if (!takes_part(task, step_tasks)) continue;
    std::vector<std::int64_t> both;
    std::ranges::set_union(rows, rows_of(task, encoder.config().vocab_size),
                           std::back_inserter(both));
    rows = std::move(both);
  }
  return rows;
}

// Makes what the tasks need trainable: their heads and, of the layers up to the highest that one of
// them reads, the matrices of the adapter; without one, the weights and the rows of the vocabulary.
std::vector<Parameter> begin_training(Encoder& encoder, const std::vector<TrainedTask>& tasks,
                                      const TrainingSettings& settings) {
  std::int64_t layer = 0;
  std::vector<const TaskHead*> heads;
  for (const auto& task : tasks) {
    if (!takes_part(task, settings.step_tasks)) continue;
    layer =
        std::max(layer, highest_layer(task.head->inputs, encoder.config(), task.manifest->name));
    if (std::ranges::find(heads, task.head) == heads.end()) heads.push_back(task.head);
  }
  auto parameters =
      settings.adapter.kind == "none"
          ? encoder.begin_training(active_rows(encoder, tasks, settings.step_tasks), layer)
          : encoder.begin_adapting(settings.adapter, layer, settings.key);
  for (const auto* head : heads)
    parameters.insert(parameters.end(), head->parameters.begin(), head->parameters.end());
  return parameters;
}

// The encoder's, for scoring in the middle of a stage.
class TrainingPause {
 public:
  TrainingPause(Encoder& encoder, double untouched_factor) : encoder_(encoder) {
    encoder_.pause_training(untouched_factor);
  }
  TrainingPause(const TrainingPause&) = delete;
  TrainingPause& operator=(const TrainingPause&) = delete;
  ~TrainingPause() { encoder_.resume_training(); }

 private:
  Encoder& encoder_;
};

// What backward passes left in the parameters, for the optimizer.
struct Gradients {
  StepReport report;
  double divisor = 1;  // of the gradients
};

class Trainer {
 public:
  Trainer(Encoder& encoder, const std::vector<TrainedTask>& tasks, const TrainingSettings& settings,
          const TrainingHooks& hooks)
      : encoder_(encoder),
        tasks_(tasks),
        settings_(settings),
        hooks_(hooks),
        optimizer_(begin_training(encoder, tasks, settings), settings.adamw),
        schedule_(settings.peak_lr, settings.warmup, settings.steps),
        checkpoints_(settings.checkpoint, encoder.active_ids()),
        progress_(checkpoints_.resume(optimizer_)),
        feed_(tasks, settings, progress_.step) {}

  TrainingResult run() {
    encoder_.parameters_changed();
    if (progress_.step > 0 && hooks_.resumed) hooks_.resumed(progress_.step, progress_.curve);
    while (const auto gradients = next_gradients()) {
      update(*gradients);
      if (checkpoints_.due(progress_.step)) checkpoints_.write(optimizer_, progress_);
    }
    return finish();
  }

 private:
  // Those of the next step, or none where the stage is over. No parameter changes in here, so where
  // the user stops it, the checkpoint is of the step before.
  std::optional<Gradients> next_gradients() {
    try {
      throw_if_interrupted();
      if (evaluation_due()) evaluate();
      if (progress_.step == settings_.steps || patience_is_over()) return {};
      return accumulate(feed_.next());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) checkpoints_.write(optimizer_, progress_);
      throw;
    }
  }

  // One task: gradients of its summed loss, which the optimizer divides. Several: of their weighted
  // mean losses.
  Gradients accumulate(const StepBatch& step) {
    Gradients gradients;
    StepReport& report = gradients.report;
    report.step = progress_.step + 1;
    report.rate = schedule_.rate(progress_.step);
    report.real_tokens = step.real_tokens;
    report.padded_tokens = step.padded_tokens;
    if (settings_.step_tasks == StepTasks::kDrawn) report.task = step.tasks.front().task;
    const bool several = step.tasks.size() > 1;
    for (const TaskBatch& batch : step.tasks) {
      const double weight = tasks_[batch.task].loss_weight;
      const double loss = backward(batch, several ? weight / batch.items : 1) / batch.items;
      if (!std::isfinite(loss)) throw_diverged("loss", loss, report, batch.task);
      report.loss += weight * loss;
      if (!several) gradients.divisor = batch.items / weight;
    }
    return gradients;
  }

  // Adds the gradients of the batch's summed loss times `factor`; returns the sum.
  double backward(const TaskBatch& batch, double factor) {
    const TrainedTask& task = tasks_[batch.task];
    const RandomKey key = key_of(batch.task);
    double loss = 0;
    for (const Batch& micro : batch.micro) {
      const StepRandom random{key, micro.first_row * micro.choices};
      const auto inputs = head_inputs(encoder_, micro, *task.manifest, task.head->inputs, &random);
      const HeadBatch head_batch{inputs, micro.size, /*training=*/true, key, micro.first_row};
      const auto outputs = task.head->head->forward(head_batch);
      const auto sum = task.head->head->loss(head_batch, outputs);
      loss += sum.item<double>();
      if (!std::isfinite(loss)) break;  // its gradients would be of no use
      (factor == 1 ? sum : sum * factor).backward();
    }
    return loss;
  }

  // Of a step's dropout. Tasks that share steps draw apart, and the first of them draws as if it
  // were alone.
  RandomKey key_of(std::size_t task) const {
    RandomKey key = settings_.key;
    if (settings_.step_tasks == StepTasks::kAll && task > 0) {
      key.step = 0;
      const auto block = Philox(key, "task/" + tasks_[task].manifest->name)(0);
      key.seed = static_cast<std::uint64_t>(block[0]) << 32 | block[1];
    }
    key.step = static_cast<std::uint64_t>(progress_.step);
    return key;
  }

  void update(Gradients gradients) {
    StepReport& report = gradients.report;
    report.gradient_norm = optimizer_.step(report.rate, gradients.divisor);
    if (!std::isfinite(report.gradient_norm))
      throw_diverged("norm of the gradient", report.gradient_norm, report, report.task);
    encoder_.parameters_changed();
    progress_.curve += hooks_.step(report);
    progress_.step = report.step;
  }

  bool evaluation_due() const {
    const auto& every = settings_.evaluation.every;
    const std::int64_t step = progress_.step;
    return every && step > progress_.evaluated && (step % *every == 0 || step == settings_.steps);
  }

  bool patience_is_over() const {
    const auto& patience = settings_.evaluation.patience;
    return patience && progress_.without_best >= *patience;
  }

  void evaluate() {
    EvaluationReport report;
    {
      const TrainingPause pause(encoder_, optimizer_.untouched_factor());
      report = hooks_.evaluate(progress_.step);
    }
    progress_.evaluated = progress_.step;
    progress_.curve += report.curve;
    if (std::isfinite(report.score) && (!progress_.best || report.score > progress_.best->score)) {
      keep_best(report.score);
    } else {
      ++progress_.without_best;
    }
  }

  void keep_best(double score) {
    const at::NoGradGuard no_grad;
    StageProgress::Best best{progress_.step, score, optimizer_.untouched_factor(), {}};
    if (progress_.best) best.values = std::move(progress_.best->values);  // their memory
    best.values.resize(optimizer_.slots().size());
    for (std::size_t i = 0; i < best.values.size(); ++i) {
      const at::Tensor& value = optimizer_.slots()[i].parameter.value;
      if (best.values[i].defined()) {
        best.values[i].copy_(value);
      } else {
        best.values[i] = value.detach().clone();
      }
    }
    progress_.best = std::move(best);
    progress_.without_best = 0;
  }

  TrainingResult finish() {
    TrainingResult result{progress_.step, std::move(progress_.curve), {}};
    double untouched_factor = optimizer_.untouched_factor();
    if (const auto& best = progress_.best) {
      const at::NoGradGuard no_grad;
      for (std::size_t i = 0; i < best->values.size(); ++i) {
        const at::Tensor value = optimizer_.slots()[i].parameter.value;
        value.copy_(best->values[i]);
      }
      untouched_factor = best->untouched_factor;
      result.best = {best->step, best->score};
    }
    encoder_.end_training(untouched_factor);
    return result;
  }

  [[noreturn]] void throw_diverged(const char* what, double value, const StepReport& report,
                                   std::optional<std::size_t> task) const {
    std::array<char, 160> message;
    std::snprintf(message.data(), message.size(),
                  "the %s became %g at step %lld of %lld, learning rate %.3g", what, value,
                  static_cast<long long>(report.step), static_cast<long long>(settings_.steps),
                  report.rate);
    const std::string of_task = task ? ", task '" + tasks_[*task].manifest->name + "'" : "";
    throw Error(ErrorKind::kNumeric, "stage " + settings_.stage + of_task, message.data());
  }

  Encoder& encoder_;
  const std::vector<TrainedTask>& tasks_;
  const TrainingSettings& settings_;
  const TrainingHooks& hooks_;
  AdamW optimizer_;
  const LinearSchedule schedule_;
  StageCheckpoints checkpoints_;
  StageProgress progress_;
  StepFeed feed_;
};

}  // namespace

TrainingResult train(Encoder& encoder, const std::vector<TrainedTask>& tasks,
                     const TrainingSettings& settings, const TrainingHooks& hooks) {
  return Trainer(encoder, tasks, settings, hooks).run();
}

}  // namespace sojourn
