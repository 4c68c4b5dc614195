// What a head costs for being built by a plugin: the plugin's head of pair classification beside
// the same arithmetic written in the host.
//
//   head_overhead --encoder DIR [--steps 62] [--pieces 128]
//
// In one process, on copies of one encoder: (1) two training stages, a step of one and a step of
// the other in turn, so that a machine that slows down does so for both; their losses, gradient
// norms and trained parameters must be equal bit for bit; (2) the two heads alone, forward, loss
// and backward, whose difference over the length of a step is the overhead. 32 pairs a step,
// float32. Exit code 1 where anything differs.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
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

FeatureTable pairs(const Manifest& manifest, std::int64_t n, std::int64_t pieces) {
  FeatureTable features(manifest.fields, manifest.name);
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<std::int64_t> ids(static_cast<std::size_t>(pieces));
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

// Lets two threads go on in turn, a step each.
class Turns {
 public:
  // Waits for the turn of `who`, 0 or 1.
  void take(int who) {
    std::unique_lock lock(mutex_);
    passed_.wait(lock, [&] { return turn_ == who || left_; });
  }

  void pass(int who) {
    const std::lock_guard lock(mutex_);
    turn_ = 1 - who;
    passed_.notify_all();
  }

  // From the end of its scope the other needn't wait any more.
  struct Leave {
    Turns& turns;
    explicit Leave(Turns& of) : turns(of) {}
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;
    ~Leave() {
      const std::lock_guard lock(turns.mutex_);
      turns.left_ = true;
      turns.passed_.notify_all();
    }
  };

 private:
  std::mutex mutex_;
  std::condition_variable passed_;
  int turn_ = 0;
  bool left_ = false;
};

struct Stage {
  std::vector<double> numbers;       // loss and gradient norm of each step
  std::vector<double> step_seconds;  // while it was this one's turn
  std::vector<at::Tensor> parameters;
};

Stage train_in_turn(const std::filesystem::path& folder, Task& task, bool native,
                    const FeatureTable& features, std::int64_t steps, Turns& turns) {
  const int who = native ? 1 : 0;
  const Turns::Leave leave{turns};
  turns.take(who);
  Encoder encoder(folder, at::kCPU);
  TaskHead head = make(task, native, encoder.config().hidden_size);
  TrainingSettings settings;
  settings.stage = "overhead";
  settings.steps = steps;
  settings.peak_lr = 2e-5;
  settings.key = {1, 0, 0};
  Stage stage;
  auto begin = Clock::now();
  const TrainingHooks hooks{[&](const StepReport& report) {
    stage.step_seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    stage.numbers.insert(stage.numbers.end(), {report.loss, report.gradient_norm});
    turns.pass(who);
    turns.take(who);
    begin = Clock::now();
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

// The plugin's steps over the native ones. Native step i - 1, plugin step i, native step i followed
// one another, so the mean of the native two is free of a drift of the machine; the first steps of
// both warm up.
std::vector<double> step_ratios(const Stage& plugin, const Stage& native) {
  std::vector<double> ratios;
  for (std::size_t i = 2; i < plugin.step_seconds.size(); ++i)
    ratios.push_back(2 * plugin.step_seconds[i] /
                     (native.step_seconds[i - 1] + native.step_seconds[i]));
  std::sort(ratios.begin(), ratios.end());
  return ratios;
}

bool equal(const Stage& a, const Stage& b) {
  return a.numbers == b.numbers &&
         std::equal(a.parameters.begin(), a.parameters.end(), b.parameters.begin(),
                    b.parameters.end(),
                    [](const at::Tensor& x, const at::Tensor& y) { return at::equal(x, y); });
}

int compare(const std::filesystem::path& folder, std::int64_t steps, std::int64_t pieces) {
  PluginCatalog catalog(plugin_search_path({}));
  Task& task = catalog.task("mnli");
  const FeatureTable features = pairs(task.manifest(), 32 * steps, pieces);
  Turns turns;
  const auto in_a_thread = [&](bool native) {  // both, since the main thread allocates otherwise
    return std::async(std::launch::async, [&, native] {
      return train_in_turn(folder, task, native, features, steps, turns);
    });
  };
  auto plugin_stage = in_a_thread(false);
  auto native_stage = in_a_thread(true);
  const Stage by_plugin = plugin_stage.get();
  const Stage by_host = native_stage.get();
  const std::int64_t hidden = Encoder(folder, at::kCPU).config().hidden_size;
  const TaskHead plugin = make(task, false, hidden);
  const TaskHead native = make(task, true, hidden);
  double plugin_alone = 1e9;
  double native_alone = 1e9;
  for (int round = 0; round < 6; ++round) {
    plugin_alone = std::min(plugin_alone, head_alone(plugin, hidden, 200));
    native_alone = std::min(native_alone, head_alone(native, hidden, 200));
  }
  const bool same = equal(by_plugin, by_host);
  const double step = median(by_host.step_seconds);
  const std::vector<double> ratios = step_ratios(by_plugin, by_host);
  // The order statistics between which the median of the distribution lies in 95 of 100 runs.
  const double half = static_cast<double>(ratios.size()) / 2;
  const double off = 1.96 * std::sqrt(half / 2);
  const auto at_rank = [&](double rank) {
    return ratios[static_cast<std::size_t>(
        std::clamp(rank, 0.0, static_cast<double>(ratios.size() - 1)))];
  };
  std::printf("losses, gradient norms and parameters: %s\n", same ? "equal" : "DIFFERENT");
  std::printf("step: native %.4f s, plugin to native %.4f (95 %%: %.4f to %.4f, %zu steps)\n", step,
              median(ratios), at_rank(half - off), at_rank(half + off), ratios.size());
  std::printf("head alone: plugin %.1f us, native %.1f us, difference %.4f %% of a step\n",
              plugin_alone * 1e6, native_alone * 1e6, 100 * (plugin_alone - native_alone) / step);
  return same ? 0 : 1;
}

}  // namespace
}  // namespace sojourn

int main(int argc, char** argv) try {
  CLI::App app("Compares a head that a plugin builds with the same head written in the host.");
  std::filesystem::path encoder;
  std::int64_t steps = 62;
  std::int64_t pieces = 128;
  app.add_option("--encoder", encoder, "A Hugging Face directory")->required();
  app.add_option("--steps", steps, "Of each [62]")->check(CLI::Range(8, 10000));
  app.add_option("--pieces", pieces, "Of each pair [128]")->check(CLI::Range(8, 512));
  CLI11_PARSE(app, argc, argv);
  return sojourn::compare(encoder, steps, pieces);
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 2;
}
