// A task of a plugin with sample data and the tiny encoder, for tests to try.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/features.h"
#include "core/model/encoder.h"
#include "core/text/tokenizer.h"
#include "core/train/task_head.h"
#include "plugins/plugin_task.h"

namespace sojourn {

// Ends a test that found something.
class CheckFinding : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Ends a test that can't be run, and says why.
class CheckSkipped : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A split of the sample data, in one language.
struct Sample {
  std::string split;
  std::string language;
  std::map<std::string, std::filesystem::path> files;
  std::string name() const { return split + " " + language; }
};

class TaskBench {
 public:
  static constexpr std::int64_t kMaxTokens = 128;
  static constexpr std::int64_t kExamples = 32;  // of a split that tests look at

  // data: the root of the sample data; empty where there is none. scratch: an empty folder.
  TaskBench(const std::filesystem::path& plugin, std::size_t index, std::filesystem::path data,
            std::filesystem::path scratch);

  PluginTask& task() { return *task_; }
  const Manifest& manifest() const { return task_->manifest(); }

  // English where it is there, else the manifest's first. The next three throw CheckSkipped where
  // the data has no such split.
  const std::vector<Sample>& samples();
  const Sample& training();  // train, else another whose features have labels
  const Sample& scored();    // test, else dev, else training

  std::unique_ptr<Dataset> open(const Sample& sample, std::int64_t max_tokens = kMaxTokens);
  // The first examples of a sample.
  LoadedDataset load(const Sample& sample, std::int64_t examples = kExamples);
  std::vector<std::string> labels();

  const Tokenizer& tokenizer();
  // Without dropout: it learns in fewer steps. As it is on the disk, whatever was done with the one
  // before.
  Encoder& new_encoder();
  TaskHead new_head(std::uint64_t seed = 1);

  const std::filesystem::path& scratch() const { return scratch_; }

 private:
  std::filesystem::path data_;
  std::filesystem::path scratch_;
  std::unique_ptr<PluginTask> task_;
  std::vector<Sample> samples_;
  std::unique_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<Encoder> encoder_;
};

// The features of the first examples, example by example.
FeatureTable features_of(const PluginTask& task, const Dataset& data, std::int64_t examples);

// "" where both hold the same, else what differs first.
std::string difference(const FeatureTable& a, const FeatureTable& b);

// One of the tests by id; null where there is none of a task.
using TaskTest = void (*)(TaskBench& bench);
TaskTest data_test(std::string_view id);   // data_tests.cpp
TaskTest file_test(std::string_view id);   // file_tests.cpp
TaskTest head_test(std::string_view id);   // head_tests.cpp
TaskTest score_test(std::string_view id);  // score_tests.cpp
TaskTest close_test(std::string_view id);  // close_tests.cpp

}  // namespace sojourn
