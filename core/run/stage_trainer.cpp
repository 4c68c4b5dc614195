#include "core/run/stage_trainer.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/run/run_manifest.h"

namespace sojourn {

namespace {

StepTasks step_tasks(const Stage& stage) {
  return stage.sampling.by == "all" ? StepTasks::kAll : StepTasks::kDrawn;
}

std::vector<double> shares(const Stage& stage, const std::vector<std::int64_t>& features) {
  if (stage.sampling.by != "weights")
    return sampling_shares(features, stage.sampling.cap, stage.sampling.exponent);
  std::vector<double> weights;
  for (const auto& training : stage.training) {
    const auto found = stage.sampling.weights.find(training.task);
    weights.push_back(found == stage.sampling.weights.end() ? 1.0 : found->second);
  }
  return sampling_shares(weights);
}

}  // namespace

double pieces_of_step(const Stage& stage, const std::vector<DatasetSize>& sizes) {
  std::vector<std::int64_t> features;
  for (const auto& size : sizes) features.push_back(size.features);
  const bool all = stage.sampling.by == "all";
  const auto share = all ? std::vector<double>(sizes.size(), 1) : shares(stage, features);
  double pieces = 0;
  for (std::size_t t = 0; t < stage.training.size(); ++t) {
    pieces += share[t] * static_cast<double>(sizes[t].pieces) /
              static_cast<double>(sizes[t].features) *
              static_cast<double>(stage.training[t].recipe.batch_size);
  }
  return pieces;
}

std::int64_t steps_of(const Stage& stage, const std::vector<std::int64_t>& features) {
  if (stage.recipe.steps) return *stage.recipe.steps;
  std::vector<TaskEpochs> epochs;
  for (std::size_t t = 0; t < stage.training.size(); ++t) {
    const Recipe& recipe = stage.training[t].recipe;
    epochs.push_back({features[t], recipe.batch_size, recipe.epochs});
  }
  return stage_steps(step_tasks(stage), epochs);
}

StageTrainer::StageTrainer(TaskCatalog& tasks, DataOf data, const Machine& machine,
                           const Tokenizer& tokenizer)
    : tasks_(tasks), data_(std::move(data)), machine_(machine), tokenizer_(tokenizer) {}

void StageTrainer::check_data(const Stage& stage) const {
  for (const auto& training : stage.training) {
    if (!tasks_.task(training.task).manifest().batch_negatives) continue;
    for (const auto& key : training.data) {
      const std::int64_t found = data_(key).features.size();
      if (found >= training.recipe.batch_size) continue;
      throw input_error(data_(key).files.begin()->second.string(),
                        "task '" + key.task + "', language " + key.language + ": " +
                            std::to_string(found) + " features, expected at least batch_size, " +
                            std::to_string(training.recipe.batch_size) +
                            ", since the loss compares the examples of a batch");
    }
  }
}

StageHeads StageTrainer::new_heads(const Stage& stage, const EncoderConfig& encoder) const {
  StageHeads heads;
  for (const auto& training : stage.training) {
    if (heads.contains(training.head)) continue;
    const auto labels = static_cast<std::int64_t>(data_(training.data.front()).labels.size());
    heads.emplace(training.head, make_head(tasks_.task(training.task), training.head,
                                           {encoder.hidden_size, labels, encoder.vocab_size,
                                            training.recipe.options},
                                           machine_.device, {stage.seed, stage.role, 0}));
  }
  return heads;
}

std::int64_t StageTrainer::steps(const Stage& stage) const {
  std::vector<std::int64_t> features;
  for (const auto& training : stage.training) {
    std::int64_t n = 0;
    for (const auto& key : training.data) n += data_(key).features.size();
    features.push_back(n);
  }
  return steps_of(stage, features);
}

// `joined`: keeps the tables of tasks that have several languages.
std::vector<TrainedTask> StageTrainer::tasks_of(const Stage& stage, StageHeads& heads,
                                                std::vector<FeatureTable>& joined) const {
  joined.reserve(stage.training.size());  // the tasks point into it
  std::vector<TrainedTask> tasks;
  std::vector<std::int64_t> sizes;
  for (const auto& training : stage.training) {
    const FeatureTable* features = &data_(training.data.front()).features;
    if (training.data.size() > 1) {
      auto& all = joined.emplace_back(*features);
      for (std::size_t d = 1; d < training.data.size(); ++d)
        all.append(data_(training.data[d]).features);
      features = &all;
    }
    sizes.push_back(features->size());
    tasks.push_back(
        {.head = &heads.at(training.head),
         .manifest = &tasks_.task(training.task).manifest(),
         .features = features,
         .batch_size = training.recipe.batch_size,
         .micro_batch = std::min(training.recipe.micro_batch, training.recipe.batch_size),
         .loss_weight = training.loss_weight});
  }
  const auto share = shares(stage, sizes);
  for (std::size_t t = 0; t < tasks.size(); ++t) tasks[t].share = share[t];
  return tasks;
}

// The mean over dev splits of their primary metrics, in percent.
double StageTrainer::evaluate(const Stage& stage, const Encoder& encoder, StageHeads& heads) const {
  StageScorer scorer(encoder, heads, tasks_, data_, tokenizer_.pad_id());
  double sum = 0;
  int n = 0;
  for (const auto& training : stage.training) {
    if (!training.dev) continue;
    Scoring scoring{.data = *training.dev, .head = training.head};
    if (tasks_.task(training.task).tunes()) scoring.tuning = scoring.data;
    const auto scored = scorer.score(scoring);
    const auto& metrics = scored.front().scores.metrics;
    const auto primary = std::find_if(metrics.begin(), metrics.end(),
                                      [](const MetricValue& metric) { return metric.primary; });
    if (primary == metrics.end())
      throw input_error("stage " + stage.id,
                        "can't be evaluated on " + name_of(scoring.data) + ", which has no gold");
    sum += primary->value;
    ++n;
  }
  return sum / n;
}

TrainingResult StageTrainer::train(const Stage& stage, Encoder& encoder, StageHeads& heads,
                                   const CheckpointSettings& checkpoints,
                                   const StageTrainingHooks& hooks) const {
  std::vector<FeatureTable> joined;
  const auto tasks = tasks_of(stage, heads, joined);
  const Recipe& recipe = stage.recipe;
  const TrainingSettings settings{
      .stage = stage.id,
      .step_tasks = step_tasks(stage),
      .steps = steps(stage),
      .peak_lr = recipe.peak_lr,
      .warmup = recipe.warmup,
      .adamw = {.weight_decay = recipe.weight_decay, .max_grad_norm = recipe.max_grad_norm},
      .key = {stage.seed, stage.role, 0},
      .pad_id = tokenizer_.pad_id(),
      .masking = masking_ids(tokenizer_),
      .adapter = recipe.adapter,
      .evaluation = {recipe.evaluate.every, recipe.evaluate.patience},
      .checkpoint = checkpoints};
  const auto task_name = [&](const StepReport& step) {
    const bool one = stage.training.size() == 1 || !step.task;
    return one ? std::string() : stage.training[*step.task].task;
  };
  return sojourn::train(encoder, tasks, settings,
                        {.step =
                             [&](const StepReport& step) {
                               hooks.step(step);
                               const std::string line = curve_line(step, task_name(step));
                               hooks.curve(line);
                               return line;
                             },
                         .evaluate =
                             [&](std::int64_t step) {
                               const double score = evaluate(stage, encoder, heads);
                               const std::string line = evaluation_line(step, score);
                               hooks.curve(line);
                               return EvaluationReport{score, line};
                             },
                         .resumed =
                             [&](std::int64_t step, const std::string& curve) {
                               hooks.curve(curve);
                               hooks.resumed(step);
                             }});
}

}  // namespace sojourn
