#include "core/train/step_feed.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace sojourn {

StepFeed::StepFeed(const std::vector<TrainedTask>& tasks, const TrainingSettings& settings,
                   std::int64_t first_step)
    : tasks_(tasks), settings_(settings), step_(first_step) {
  for (const auto& task : tasks_) {
    shares_.push_back(task.share);
    const auto& fields = task.manifest->fields;
    const auto items = std::ranges::find(fields, task.manifest->loss_items, &FieldSpec::name);
    lines_.push_back({static_cast<std::size_t>(items - fields.begin())});
  }
  for (std::int64_t step = 0; step < first_step; ++step) {
    for (const std::size_t task : tasks_of(step)) ++lines_[task].taken;
  }
  make_ahead();
}

StepBatch StepFeed::next() {
  StepBatch batch = ahead_.get();
  make_ahead();
  return batch;
}

void StepFeed::make_ahead() {
  if (step_ < settings_.steps) ahead_ = std::async(std::launch::async, [this] { return make(); });
}

std::vector<std::size_t> StepFeed::tasks_of(std::int64_t step) const {
  if (settings_.step_tasks == StepTasks::kDrawn) return {drawn_task(settings_.key, step, shares_)};
  std::vector<std::size_t> all;
  for (std::size_t task = 0; task < tasks_.size(); ++task) all.push_back(task);
  return all;
}

StepBatch StepFeed::make() {
  StepBatch step;
  for (const std::size_t task : tasks_of(step_++)) {
    step.tasks.push_back(collated(task));
    for (const Batch& batch : step.tasks.back().micro) {
      for (const std::int64_t length : batch.lengths) step.real_tokens += length;
      step.padded_tokens += batch.ids.numel();
    }
  }
  return step;
}

std::vector<std::int64_t> StepFeed::take(std::size_t task) {
  Line& line = lines_[task];
  const auto& features = *tasks_[task].features;
  const std::int64_t size = tasks_[task].batch_size;
  const auto batches = static_cast<std::uint64_t>((features.size() + size - 1) / size);
  const std::uint64_t epoch = line.taken / batches;
  if (line.epoch.empty() || line.epoch_number != epoch) {
    const RandomKey key{settings_.key.seed, settings_.key.role, epoch};
    line.epoch = epoch_batches(features.lengths(), size, key, tasks_[task].manifest->name);
    line.epoch_number = epoch;
  }
  return line.epoch[static_cast<std::size_t>(line.taken++ % batches)];
}

TaskBatch StepFeed::collated(std::size_t task) {
  const auto& features = *tasks_[task].features;
  const auto& manifest = *tasks_[task].manifest;
  const std::size_t items_field = lines_[task].items_field;
  const RandomKey masks{settings_.key.seed, settings_.key.role, lines_[task].taken};
  const auto chosen = take(task);
  const auto micro_batch = static_cast<std::size_t>(tasks_[task].micro_batch);
  TaskBatch made{task, {}, 0};
  std::int64_t items = manifest.masking ? 0 : count_items(features, chosen, items_field);
  for (std::size_t i = 0; i < chosen.size(); i += micro_batch) {
    const auto n = std::min(chosen.size() - i, micro_batch);
    Batch batch = collate(features, std::span(chosen).subspan(i, n), settings_.pad_id);
    batch.first_row = static_cast<std::int64_t>(i);
    if (manifest.masking) {
      mask_batch(batch, items_field, manifest.masking->share, settings_.masking, masks,
                 "masking/" + manifest.name);
      items += count_items(batch, items_field);
    }
    made.micro.push_back(std::move(batch));
  }
  made.items = static_cast<double>(std::max<std::int64_t>(1, items));
  return made;
}

}  // namespace sojourn
