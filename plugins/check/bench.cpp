#include "plugins/check/bench.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/program.h"
#include "core/data/batches.h"
#include "core/data/files.h"
#include "plugins/check/traced_plugin.h"

namespace sojourn {

namespace fs = std::filesystem;

TaskBench::TaskBench(const fs::path& plugin, std::size_t index, fs::path data, fs::path scratch)
    : data_(std::move(data)), scratch_(std::move(scratch)) {
  const sojourn_plugin& traced = traced_plugin(*plugin_entry(plugin)(), index);
  task_ = std::make_unique<PluginTask>(std::make_shared<const PluginLibrary>(plugin, traced), 0);
}

const std::vector<Sample>& TaskBench::samples() {
  if (!samples_.empty()) return samples_;
  if (data_.empty()) throw CheckSkipped("no sample data: give --data DIR");
  for (const char* split : {"train", "dev", "test"}) {
    const auto languages = languages_present(manifest(), split, data_);
    if (languages.empty()) continue;
    const bool english =
        std::find(languages.begin(), languages.end(), kTrainingLanguage) != languages.end();
    const std::string language = english ? kTrainingLanguage : languages.front();
    samples_.push_back({split, language, find_files(manifest(), split, language, data_)});
  }
  if (samples_.empty()) throw CheckSkipped("no file of this task in " + data_.string());
  return samples_;
}

const Sample& TaskBench::training() {
  if (!manifest().head) throw CheckSkipped("the task has no head");
  const auto& names = manifest().fields;
  std::size_t items = 0;
  while (names[items].name != manifest().loss_items) ++items;
  for (const auto& sample : samples()) {
    if (manifest().masking) return sample;  // whose labels the host makes
    const auto features = load(sample).features;
    std::vector<std::int64_t> all(static_cast<std::size_t>(features.size()));
    std::iota(all.begin(), all.end(), 0);
    if (count_items(features, all, items) > 0) return sample;
  }
  throw CheckSkipped("no sample data has labels to train on");
}

const Sample& TaskBench::scored() {
  if (!manifest().is_scored()) throw CheckSkipped("the task is trained, never scored");
  if (!task_->tunes()) return samples().back();
  for (const auto& sample : samples()) {
    if (sample.split == "dev") return sample;
  }
  throw CheckSkipped("decoding learns on a dev split, which the sample data hasn't");
}

std::vector<std::string> TaskBench::labels() { return head_labels(*task_, data_); }

std::unique_ptr<Dataset> TaskBench::open(const Sample& sample, std::int64_t max_tokens) {
  return task_->open(
      {sample.split, sample.language, sample.files, &tokenizer(), max_tokens, labels()});
}

LoadedDataset TaskBench::load(const Sample& sample, std::int64_t examples) {
  auto data = open(sample);
  examples = std::min(examples, data->size());
  FeatureTable features = features_of(*task_, *data, examples);
  if (features.size() == 0) throw CheckFinding(sample.name() + ": no example has a feature");
  return {std::move(data), examples, std::move(features), sample.files, labels(), {}};
}

const Tokenizer& TaskBench::tokenizer() {
  if (tokenizer_ == nullptr) tokenizer_ = Tokenizer::load(tiny_encoder_directory());
  return *tokenizer_;
}

Encoder& TaskBench::new_encoder() {
  const fs::path directory = scratch_ / "encoder";
  if (!fs::exists(directory)) {
    fs::create_directory(directory);
    auto config = nlohmann::json::parse(read_file(tiny_encoder_directory() / "config.json"));
    config["hidden_dropout_prob"] = 0.0;
    config["attention_probs_dropout_prob"] = 0.0;
    write_file(directory / "config.json", config.dump());
    fs::create_symlink(tiny_encoder_directory() / "model.safetensors",
                       directory / "model.safetensors");
  }
  encoder_ = std::make_unique<Encoder>(directory, at::kCPU);
  return *encoder_;
}

TaskHead TaskBench::new_head(std::uint64_t seed) {
  const auto& config = encoder_->config();
  return make_head(
      *task_, manifest().name,
      {config.hidden_size, static_cast<std::int64_t>(labels().size()), config.vocab_size, {}},
      at::kCPU, {seed, 0, 0});
}

FeatureTable features_of(const PluginTask& task, const Dataset& data, std::int64_t examples) {
  FeatureTable features(task.manifest().fields, "featurize");
  for (std::int64_t i = 0; i < std::min(examples, data.size()); ++i) {
    features.begin_example();
    data.featurize(i, features);
  }
  return features;
}

std::string difference(const FeatureTable& a, const FeatureTable& b) {
  if (a.examples() != b.examples() || a.size() != b.size()) {
    return std::to_string(a.size()) + " features of " + std::to_string(a.examples()) +
           " examples, then " + std::to_string(b.size()) + " of " + std::to_string(b.examples());
  }
  for (std::int64_t feature = 0; feature < a.size(); ++feature) {
    for (std::size_t f = 0; f < a.fields().size(); ++f) {
      const ArrayView x = a.field(feature, f);
      const ArrayView y = b.field(feature, f);
      std::size_t bytes = x.type == FieldType::kInt64 ? sizeof(std::int64_t) : sizeof(float);
      for (const std::int64_t size : x.shape) bytes *= static_cast<std::size_t>(size);
      if (x.shape != y.shape || std::memcmp(x.data, y.data, bytes) != 0)
        return "feature " + std::to_string(feature) + " differs in field '" + a.fields()[f].name +
               "'";
    }
  }
  return "";
}

}  // namespace sojourn
