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

// A split of a language of a task, opened and tokenized; `limit` keeps its first examples.
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
LoadedDataset load_dataset(Task& task, const std::string& split, const std::string& language,
                           std::int64_t max_tokens, std::optional<std::int64_t> limit,
                           const DataContext& context);

}  // namespace sojourn
