// Stages on the tiny encoder that train in milliseconds: tasks with a linear head and made-up data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/temporary_directory.h"
#include "core/data/feature_table.h"
#include "core/data/task.h"
#include "core/model/encoder.h"
#include "core/train/task_head.h"
#include "core/train/trainer.h"

namespace sojourn {

// Classifies a sequence from its first token. `before_forward` is called in training only.
class ToyTask : public Task {
 public:
  explicit ToyTask(const std::string& name);

  const Manifest& manifest() const override { return manifest_; }
  const std::string& version() const override { return manifest_.name; }
  const std::filesystem::path& plugin_file() const override { return file_; }
  bool parallel_featurize() const override { return true; }
  bool tunes() const override { return false; }
  std::vector<std::string> read_labels(
      const std::map<std::string, std::filesystem::path>& files) override;
  std::unique_ptr<Dataset> open(const DatasetRequest& request) override;
  std::unique_ptr<Head> create_head(const HeadSizes& sizes,
                                    const ParameterFactory& parameters) override;

  std::function<void()> before_forward = [] {};

 private:
  Manifest manifest_;
  std::filesystem::path file_;
};

// n sequences of 3 to 14 pieces and their labels (0 to 2), of `ids_used` ids from first_id on;
// equal arguments, equal features. The lengths of up to 12 neighbours differ.
FeatureTable toy_features(const Manifest& manifest, std::int64_t n, std::int64_t first_id,
                          std::int64_t ids_used);

struct ToyPart {
  std::string task;
  std::int64_t features = 20;
  std::int64_t first_id = 5;
  std::int64_t ids = 40;
  double share = 1;
  double loss_weight = 1;
  std::string head = {};  // its name; the task's
  std::int64_t batch_size = 8;
  std::int64_t micro_batch = 3;
};

// What a stage leaves, as bytes.
struct ToyOutcome {
  std::string state;  // the file of save_trained_state; of an adapter, its weights
  TrainingResult result;
};

class ToyStage {
 public:
  explicit ToyStage(std::vector<ToyPart> all);

  // Starts anew from the tiny encoder, or from a checkpoint; ends with ended().
  ToyOutcome run(const TrainingHooks& hooks);
  ToyOutcome run();

  // Without dropout from here on.
  void leave_out_dropout();
  std::unique_ptr<Encoder> load_encoder() const;
  ToyTask& task(std::size_t part) { return *tasks_[part]; }
  const FeatureTable& features(std::size_t part) const { return *features_[part]; }
  // Of the last run.
  Encoder& encoder() { return *encoder_; }
  std::vector<TaskHead*> heads();
  std::vector<TaskHead> new_heads();
  const std::filesystem::path& folder() const { return directory_.path(); }

  TrainingSettings settings;
  std::vector<ToyPart> parts;
  Precision precision = Precision::kFp32;

 private:
  TemporaryDirectory directory_;
  std::vector<std::unique_ptr<ToyTask>> tasks_;
  std::vector<std::unique_ptr<FeatureTable>> features_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<TaskHead> heads_;
};

// One line for each step, all of its numbers.
std::string toy_curve(const StepReport& step);

// [rows, width, hidden] of the last layer, without dropout, for ids of the whole vocabulary.
at::Tensor hidden_states(const Encoder& encoder);

}  // namespace sojourn
