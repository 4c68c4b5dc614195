// Data sets on their way to the encoder: which files, opened and checked, then tokenized.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/data/feature_table.h"
#include "core/data/task.h"

namespace sojourn {

// A split of a language of a task as a study uses it; equal keys are loaded once.
struct DatasetKey {
  std::string task;
  std::string split;
  std::string language;
  std::int64_t max_tokens = 0;
  std::optional<std::int64_t> limit = {};  // first examples
  std::vector<std::string> files = {};     // patterns of the study instead of the manifest's
  auto operator<=>(const DatasetKey&) const = default;
};

// "TASK SPLIT LANGUAGE", for people.
std::string name_of(const DatasetKey& key);

// The same, opened and tokenized.
struct LoadedDataset {
  std::unique_ptr<Dataset> data;
  std::int64_t examples = 0;  // after the limit
  FeatureTable features;
  std::map<std::string, std::filesystem::path> files;
  std::vector<std::string> labels;    // of the task's head
  std::vector<std::string> left_out;  // optional files that aren't there
};

// What all data sets of a run have in common.
struct DataContext {
  std::filesystem::path root;
  const Tokenizer* tokenizer = nullptr;
  std::int64_t vocab_size = 0;
  int threads = 1;
  std::filesystem::path cache;  // folder of tokenized features; empty: none
};

// The labels of a task's head, in the order of its outputs: the manifest's, or those that the task
// reads from its English train split. None where there is no head. Throws Error(kInput) where such
// a split isn't there or is wrong.
std::vector<std::string> head_labels(Task& task, const std::filesystem::path& root);

// Tokenizes on all threads, unless the same plugin, files, tokenizer and settings were tokenized
// before, which the cache knows by content. Throws Error(kInput) with file and line for what is
// wrong in the data, and for a data set without any feature.
LoadedDataset load_dataset(Task& task, const DatasetKey& key, const DataContext& context);

// How much a data set is once it is tokenized.
struct DatasetSize {
  std::int64_t examples = 0;
  std::int64_t features = 0;
  std::int64_t pieces = 0;
};

DatasetSize size_of(const LoadedDataset& loaded);

// The size of a data set of these files that load_dataset() has put into the cache before, with the
// tokenizer of that digest; nothing where it hasn't. Opens no data.
std::optional<DatasetSize> cached_size(const Task& task, const DatasetKey& key,
                                       const std::map<std::string, std::filesystem::path>& files,
                                       const std::string& tokenizer,
                                       const std::filesystem::path& cache);

}  // namespace sojourn
