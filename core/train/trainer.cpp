#include "core/train/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <future>
#include <vector>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/data/batches.h"
#include "core/model/head_inputs.h"
#include "core/train/linear_schedule.h"

namespace sojourn {

namespace {

struct StepBatch {
  std::vector<Batch> micro;
  double items = 0;
  std::int64_t real_tokens = 0;
  std::int64_t padded_tokens = 0;
};

// The batches of step after step, each made on a thread of its own while the step before it trains.
class StepFeed {
 public:
  StepFeed(const FeatureTable& features, const Manifest& manifest, const TrainingSettings& settings)
      : features_(features), settings_(settings), stream_(manifest.name) {
    for (std::size_t f = 0; f < manifest.fields.size(); ++f) {
      if (manifest.fields[f].name == manifest.loss_items) items_field_ = f;
    }
    ahead_ = std::async(std::launch::async, [this] { return make(); });
  }

  StepBatch next() {
    StepBatch batch = ahead_.get();
    ahead_ = std::async(std::launch::async, [this] { return make(); });
    return batch;
  }

 private:
  StepBatch make() {
    if (at_ == epoch_.size()) {
      RandomKey key = settings_.key;
      key.step = epochs_++;
      epoch_ = epoch_batches(features_.lengths(), settings_.batch_size, key, stream_);
      at_ = 0;
    }
    const std::vector<std::int64_t>& chosen = epoch_[at_++];
    StepBatch step;
    step.items = static_cast<double>(count_items(features_, chosen, items_field_));
    for (std::size_t i = 0; i < chosen.size();
         i += static_cast<std::size_t>(settings_.micro_batch)) {
      const auto n = std::min(chosen.size() - i, static_cast<std::size_t>(settings_.micro_batch));
      step.micro.push_back(collate(features_, std::span(chosen).subspan(i, n), settings_.pad_id));
      step.micro.back().first_row = static_cast<std::int64_t>(i);
      for (const std::int64_t length : step.micro.back().lengths) step.real_tokens += length;
      step.padded_tokens += step.micro.back().ids.numel();
    }
    return step;
  }

  const FeatureTable& features_;
  const TrainingSettings& settings_;
  std::string stream_;
  std::size_t items_field_ = 0;
  std::vector<std::vector<std::int64_t>> epoch_;
  std::size_t at_ = 0;
  std::uint64_t epochs_ = 0;
  std::future<StepBatch> ahead_;
};

// Adds the gradients of the step's summed loss, and returns it.
double accumulate(Encoder& encoder, TaskHead& head, const Manifest& manifest, const StepBatch& step,
                  const RandomKey& key) {
  double loss = 0;
  for (const Batch& batch : step.micro) {
    const StepRandom random{key, batch.first_row * batch.choices};
    const auto inputs = head_inputs(encoder, batch, manifest, &random);
    const HeadBatch head_batch{inputs, batch.size, /*training=*/true, key, batch.first_row};
    const auto outputs = head.head->forward(head_batch);
    const auto sum = head.head->loss(head_batch, outputs);
    loss += sum.item<double>();
    if (!std::isfinite(loss)) break;  // its gradients would be of no use
    sum.backward();
  }
  return loss;
}

[[noreturn]] void throw_diverged(const TrainingSettings& settings, std::int64_t step, double loss,
                                 double rate) {
  std::array<char, 160> what;
  std::snprintf(what.data(), what.size(),
                "the loss became %g at step %lld of %lld, learning rate %.3g", loss,
                static_cast<long long>(step), static_cast<long long>(settings.steps), rate);
  throw Error(ErrorKind::kNumeric, "stage " + settings.stage, what.data());
}

}  // namespace

void train(Encoder& encoder, TaskHead& head, const Manifest& manifest, const FeatureTable& features,
           const TrainingSettings& settings,
           const std::function<void(const StepReport&)>& on_step) {
  auto parameters = encoder.begin_training(
      features.used_ids(), highest_layer(manifest.inputs, encoder.config(), manifest.name));
  parameters.insert(parameters.end(), head.parameters.begin(), head.parameters.end());
  AdamW optimizer(parameters, settings.adamw);
  const LinearSchedule schedule(settings.peak_lr, settings.warmup, settings.steps);
  StepFeed feed(features, manifest, settings);
  for (std::int64_t s = 0; s < settings.steps; ++s) {
    throw_if_interrupted();
    const StepBatch step = feed.next();
    RandomKey key = settings.key;
    key.step = static_cast<std::uint64_t>(s);
    const double loss = accumulate(encoder, head, manifest, step, key) / step.items;
    const double rate = schedule.rate(s);
    if (!std::isfinite(loss)) throw_diverged(settings, s + 1, loss, rate);
    const double norm = optimizer.step(rate, step.items);
    if (!std::isfinite(norm)) throw_diverged(settings, s + 1, norm, rate);
    encoder.parameters_changed();
    on_step({s + 1, loss, rate, norm, step.real_tokens, step.padded_tokens});
  }
  encoder.end_training(optimizer.untouched_factor());
}

}  // namespace sojourn
