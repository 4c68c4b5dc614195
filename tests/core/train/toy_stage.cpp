#include "tests/core/train/toy_stage.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/model/peft.h"
#include "core/model/tiny_model.h"
#include "core/train/trained_state.h"

namespace sojourn {

namespace {

constexpr std::int64_t kLabels = 3;

class ToyHead : public Head {
 public:
  ToyHead(const ToyTask& task, at::Tensor weight, at::Tensor bias)
      : task_(task), weight_(std::move(weight)), bias_(std::move(bias)) {}

  std::vector<at::Tensor> forward(const HeadBatch& batch) override {
    if (batch.training) task_.before_forward();
    return {at::linear(batch.inputs[0].select(1, 0), weight_, bias_)};
  }
  at::Tensor loss(const HeadBatch& batch, std::span<const at::Tensor> outputs) override {
    return at::cross_entropy_loss(outputs[0], batch.inputs[1], {}, at::Reduction::Sum);
  }

 private:
  const ToyTask& task_;
  at::Tensor weight_, bias_;
};

}  // namespace

ToyTask::ToyTask(const std::string& name) {
  manifest_.name = name;
  manifest_.fields = {{"input_ids", FieldType::kInt64, {"T"}, 0},
                      {"label", FieldType::kInt64, {}, 0}};
  manifest_.loss_items = "label";
  manifest_.inputs = {{InputSpec::Kind::kHidden, -1, ""}, {InputSpec::Kind::kField, -1, "label"}};
  manifest_.outputs = {{"logits", {"L"}}};
}

std::vector<std::string> ToyTask::read_labels(
    const std::map<std::string, std::filesystem::path>& /*files*/) {
  return {};
}

std::unique_ptr<Dataset> ToyTask::open(const DatasetRequest& /*request*/) { return nullptr; }

std::unique_ptr<Head> ToyTask::create_head(const HeadSizes& sizes,
                                           const ParameterFactory& parameters) {
  const auto weight = parameters("weight", {sizes.labels, sizes.hidden}, "normal(0.1)");
  return std::make_unique<ToyHead>(*this, weight, parameters("bias", {sizes.labels}, "zeros"));
}

FeatureTable toy_features(const Manifest& manifest, std::int64_t n, std::int64_t first_id,
                          std::int64_t ids_used) {
  FeatureTable features(manifest.fields, manifest.name);
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<std::int64_t> ids{0};
    for (std::int64_t j = 0; j < 1 + (i * 5 + 3) % 12; ++j)
      ids.push_back(first_id + (i * 11 + j * 7) % ids_used);
    ids.push_back(2);
    const std::int64_t label = i % kLabels;
    const std::vector<ArrayView> fields{
        {FieldType::kInt64, {static_cast<std::int64_t>(ids.size())}, ids.data()},
        {FieldType::kInt64, {}, &label}};
    features.begin_example();
    features.emit(fields);
  }
  return features;
}

ToyStage::ToyStage(std::vector<ToyPart> all) : parts(std::move(all)) {
  write_tiny_model(directory_.path() / "encoder", EncoderType::kXlmRoberta);
  for (const auto& part : parts) {
    tasks_.push_back(std::make_unique<ToyTask>(part.task));
    features_.push_back(std::make_unique<FeatureTable>(
        toy_features(tasks_.back()->manifest(), part.features, part.first_id, part.ids)));
  }
  settings.stage = "toy";
  settings.steps = 6;
  settings.peak_lr = 1e-3;
  settings.warmup = 0.2;
  settings.key = {7, 1, 0};
  settings.pad_id = 1;
  settings.adamw.weight_decay = 0.1;
}

void ToyStage::leave_out_dropout() {
  const auto file = directory_.path() / "encoder" / "config.json";
  auto config = nlohmann::json::parse(read_file(file));
  config["hidden_dropout_prob"] = 0.0;
  config["attention_probs_dropout_prob"] = 0.0;
  write_file(file, config.dump());
}

std::unique_ptr<Encoder> ToyStage::load_encoder() const {
  auto encoder = std::make_unique<Encoder>(directory_.path() / "encoder", at::kCPU);
  encoder->set_precision(precision);
  return encoder;
}

std::vector<TaskHead> ToyStage::new_heads() {
  std::vector<TaskHead> heads;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = parts[i].head.empty() ? parts[i].task : parts[i].head;
    if (std::ranges::find(heads, name, &TaskHead::name) == heads.end())
      heads.push_back(make_head(*tasks_[i], name, {32, kLabels, 0}, at::kCPU, settings.key));
  }
  return heads;
}

std::vector<TaskHead*> ToyStage::heads() {
  std::vector<TaskHead*> heads;
  for (auto& head : heads_) heads.push_back(&head);
  return heads;
}

ToyOutcome ToyStage::run(const TrainingHooks& hooks) {
  encoder_ = load_encoder();
  heads_ = new_heads();
  std::vector<TrainedTask> trained;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const ToyPart& part = parts[i];
    const std::string name = part.head.empty() ? part.task : part.head;
    trained.push_back({&*std::ranges::find(heads_, name, &TaskHead::name), &tasks_[i]->manifest(),
                       features_[i].get(), part.batch_size, part.micro_batch, part.share,
                       part.loss_weight});
  }
  ToyOutcome outcome;
  outcome.result = train(*encoder_, trained, settings, hooks);
  std::vector<const TaskHead*> saved;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const TaskHead* head = trained[i].head;
    if (parts[i].share > 0 && std::ranges::find(saved, head) == saved.end()) saved.push_back(head);
  }
  if (encoder_->adapted()) {
    save_adapter(directory_.path() / "adapter", *encoder_);
    outcome.state = read_file(directory_.path() / "adapter" / kAdapterWeights);
    return outcome;
  }
  const auto file = directory_.path() / "outcome.safetensors";
  save_trained_state(file, *encoder_, saved);
  outcome.state = read_file(file);
  return outcome;
}

ToyOutcome ToyStage::run() { return run({toy_curve}); }

std::string toy_curve(const StepReport& step) {
  std::array<char, 200> line;
  std::snprintf(line.data(), line.size(), "%lld %d %a %a %a %lld %lld\n",
                static_cast<long long>(step.step), step.task ? static_cast<int>(*step.task) : -1,
                step.loss, step.rate, step.gradient_norm, static_cast<long long>(step.real_tokens),
                static_cast<long long>(step.padded_tokens));
  return line.data();
}

at::Tensor hidden_states(const Encoder& encoder) {
  const at::NoGradGuard no_grad;
  const std::int64_t width = 50;
  const std::int64_t rows = encoder.config().vocab_size / width;
  const auto ids = at::arange(rows * width, at::kLong).view({rows, width});
  const std::vector<std::int64_t> lengths(static_cast<std::size_t>(rows), width);
  return encoder.forward({ids, lengths}, encoder.config().layers, nullptr)
      .layer(encoder.config().layers);
}

}  // namespace sojourn
