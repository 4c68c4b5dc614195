// What a head costs for being built by a plugin: the plugin's head of pair classification beside
// the same arithmetic written in the host.
//
//   head_overhead --encoder DIR [--steps 4] [--rounds 9]
//
// In one process, on one encoder: (1) whole training stages, short ones in turn, so that a machine
// that slows down does so for both, and each kind first in every other round; their losses,
// gradient norms and trained parameters must be equal bit for bit; (2) the two heads alone,
// forward, loss and backward, whose difference over the length of a step is the overhead. 32 pairs
// of 128 pieces a step, float32. Exit code 1 where anything differs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/select.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <CLI/CLI.hpp>

#include "core/model/cross_entropy.h"
#include "core/model/dropout.h"
#include "core/train/trainer.h"
#include "plugins/catalog.h"

namespace sojourn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLabels = 3;

// The head of sdk/include/sojourn/label_head.h, with the same random numbers.
class NativeHead : public Head {
 public:
  NativeHead(const HeadSizes& sizes, const ParameterFactory& parameters)
      : dense_weight_(parameters("dense.weight", {sizes.hidden, sizes.hidden}, "normal(0.02)")),
        dense_bias_(parameters("dense.bias", {sizes.hidden}, "zeros")),
        out_weight_(parameters("out.weight", {sizes.labels, sizes.hidden}, "normal(0.02)")),
        out_bias_(parameters("out.bias", {sizes.labels}, "zeros")) {}

  std::vector<at::Tensor> forward(const HeadBatch& batch) override {
    int uses = 0;
    const auto dropped = [&](const at::Tensor& x) {
      const std::string stream = "head/mnli/" + std::to_string(uses++);
      return batch.training ? dropout(x, 0.1, {batch.key, stream, batch.first_row}) : x;
    };
    const auto first = at::select(batch.inputs[0], 1, 0);
    const auto dense = at::tanh(at::linear(dropped(first), dense_weight_, dense_bias_));
    return {at::linear(dropped(dense), out_weight_, out_bias_)};
  }

  at::Tensor loss(const HeadBatch& batch, std::span<const at::Tensor> outputs) override {
    return cross_entropy(outputs[0], batch.inputs[1]);
  }

 private:
  at::Tensor dense_weight_, dense_bias_, out_weight_, out_bias_;
};

TaskHead make(Task& task, bool native, std::int64_t hidden) {
  const RandomKey key{1, 0, 0};
  TaskHead made = make_head(task, "mnli", {hidden, kLabels, 0, {}}, at::kCPU, key);
  if (!native) return made;
  // The same parameters under the same names.
  made.head = std::make_unique<NativeHead>(
      HeadSizes{hidden, kLabels, 0, {}},
      [&](std::string_view name, const std::vector<std::int64_t>&, std::string_view) {
        const auto found = std::find_if(made.parameters.begin(), made.parameters.end(),
                                        [&](const Parameter& parameter) {
                                          return parameter.name == "head.mnli." + std::string(name);
                                        });
        return found->value;
      });
  return made;
}

FeatureTable pairs(const Manifest& manifest, std::int64_t n) {
  FeatureTable features(manifest.fields, manifest.name);
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<std::int64_t> ids(128);
    for (std::size_t j = 0; j < ids.size(); ++j)
      ids[j] = 1000 + (i * 131 + static_cast<std::int64_t>(j) * 37) % 5000;
    const std::int64_t label = i % kLabels;
    const std::vector<ArrayView> fields{
        {FieldType::kInt64, {static_cast<std::int64_t>(ids.size())}, ids.data()},
        {FieldType::kInt64, {}, &label}};
    features.begin_example();
    features.emit(fields);
  }
  return features;
}

struct Stage {
  std::vector<double> numbers;       // loss and gradient norm of each step
  std::vector<double> step_seconds;  // without the first
  std::vector<at::Tensor> parameters;
};

Stage train_once(const std::filesystem::path& folder, Task& task, bool native,
                 const FeatureTable& features, std::int64_t steps) {
  Encoder encoder(folder, at::kCPU);
  TaskHead head = make(task, native, encoder.config().hidden_size);
  TrainingSettings settings;
  settings.stage = "overhead";
  settings.steps = steps;
  settings.peak_lr = 2e-5;
  settings.key = {1, 0, 0};
  Stage stage;
  auto last = Clock::now();
  const TrainingHooks hooks{[&](const StepReport& report) {
    const auto now = Clock::now();
    if (report.step > 1)
      stage.step_seconds.push_back(std::chrono::duration<double>(now - last).count());
    last = now;
    stage.numbers.insert(stage.numbers.end(), {report.loss, report.gradient_norm});
    return std::string();
  }};
  train(encoder, {{&head, &task.manifest(), &features, 32, 32}}, settings, hooks);
  for (const auto& parameter : head.parameters) stage.parameters.push_back(parameter.value);
  return stage;
}

// The median of seconds that the head alone takes for 32 rows.
double head_alone(const TaskHead& head, std::int64_t hidden, int times) {
  const auto states = at::randn({32, 128, hidden}, at::kFloat).requires_grad_();
  const std::vector<at::Tensor> inputs{states, at::tensor(std::vector<std::int64_t>(32, 1))};
  const HeadBatch batch{inputs, 32, /*training=*/true, {1, 0, 0}, 0};
  std::vector<double> seconds;
  for (int i = 0; i < times; ++i) {
    states.mutable_grad().reset();
    const auto begin = Clock::now();
    const auto outputs = head.head->forward(batch);
    head.head->loss(batch, outputs).backward();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

double median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

struct Stages {
  bool equal = true;
  std::vector<double> native_seconds;  // by round, the median of a step
  std::vector<double> ratios;          // by round, of the plugin's to it
};

Stages train_in_turn(const std::filesystem::path& folder, Task& task, std::int64_t steps,
                     int rounds) {
  const FeatureTable features = pairs(task.manifest(), 32 * steps);
  Stages stages;
  for (int round = 0; round < rounds; ++round) {
    const bool native_first = round % 2 == 1;
    Stage first = train_once(folder, task, native_first, features, steps);
    Stage second = train_once(folder, task, !native_first, features, steps);
    const auto& [plugin, native] = native_first ? std::tie(second, first) : std::tie(first, second);
    stages.equal = stages.equal && plugin.numbers == native.numbers;
    for (std::size_t i = 0; i < plugin.parameters.size(); ++i)
      stages.equal = stages.equal && at::equal(plugin.parameters[i], native.parameters[i]);
    stages.native_seconds.push_back(median(native.step_seconds));
    stages.ratios.push_back(median(plugin.step_seconds) / stages.native_seconds.back());
  }
  return stages;
}

int compare(const std::filesystem::path& folder, std::int64_t steps, int rounds) {
  PluginCatalog catalog(plugin_search_path({}));
  Task& task = catalog.task("mnli");
  const Stages stages = train_in_turn(folder, task, steps, rounds);
  const std::int64_t hidden = Encoder(folder, at::kCPU).config().hidden_size;
  const TaskHead plugin = make(task, false, hidden);
  const TaskHead native = make(task, true, hidden);
  double plugin_alone = 1e9;
  double native_alone = 1e9;
  for (int round = 0; round < 6; ++round) {
    plugin_alone = std::min(plugin_alone, head_alone(plugin, hidden, 200));
    native_alone = std::min(native_alone, head_alone(native, hidden, 200));
  }
  const double step = median(stages.native_seconds);
  const auto [least, most] = std::minmax_element(stages.ratios.begin(), stages.ratios.end());
  std::printf("losses, gradient norms and parameters: %s\n", stages.equal ? "equal" : "DIFFERENT");
  std::printf("step: native %.4f s, plugin to native %.4f (%.4f to %.4f, %d rounds)\n", step,
              median(stages.ratios), *least, *most, rounds);
  std::printf("head alone: plugin %.1f us, native %.1f us, difference %.4f %% of a step\n",
              plugin_alone * 1e6, native_alone * 1e6, 100 * (plugin_alone - native_alone) / step);
  return stages.equal ? 0 : 1;
}

}  // namespace
}  // namespace sojourn

int main(int argc, char** argv) try {
  CLI::App app("Compares a head that a plugin builds with the same head written in the host.");
  std::filesystem::path encoder;
  std::int64_t steps = 4;
  int rounds = 9;
  app.add_option("--encoder", encoder, "A Hugging Face directory")->required();
  app.add_option("--steps", steps, "Of each stage [4]")->check(CLI::Range(2, 1000));
  app.add_option("--rounds", rounds, "Of both [9]")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  return sojourn::compare(encoder, steps, rounds);
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 2;
}
