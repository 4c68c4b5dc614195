// A task as the host sees it. plugins/ implements these classes on top of the plugin contract; the
// host knows no task by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/philox.h"
#include "core/base/task_options.h"
#include "core/data/manifest.h"
#include "core/text/tokenizer.h"

namespace sojourn {

// A view of numbers on the CPU, C-contiguous; data points to int64 or float.
struct ArrayView {
  FieldType type = FieldType::kInt64;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;
};

struct NamedArray {
  std::string_view name;
  ArrayView array;
};

// Receives the features of one example, in order.
class FeatureSink {
 public:
  virtual ~FeatureSink() = default;
  // One unpadded feature, fields in the manifest's order. Throws Error(kPlugin) where they don't
  // fit it.
  virtual void emit(std::span<const ArrayView> fields) = 0;
};

// Exact nearest neighbours over sentence vectors; see sojourn_search_api.
class VectorSearch {
 public:
  struct Neighbours {
    std::vector<std::int64_t> index;  // [n_from, k]
    std::vector<float> cosine;        // or another score
  };
  struct Ranks {
    std::vector<std::int64_t> rank;  // [n], from 1
    std::vector<float> cosine;
  };
  virtual ~VectorSearch() = default;
  virtual std::int64_t count(std::int64_t side) const = 0;
  virtual Neighbours neighbours(std::int64_t from, std::int64_t to, std::int64_t k) const = 0;
  virtual Neighbours csls(std::int64_t from, std::int64_t to, std::int64_t neighbourhood,
                          std::int64_t k) const = 0;
  virtual Ranks ranks(std::int64_t from, std::int64_t to, std::span<const std::int64_t> rows,
                      std::span<const std::int64_t> targets) const = 0;
  virtual std::vector<float> mean_cosines(std::int64_t from, std::int64_t to) const = 0;
};

struct ExampleInfo {
  std::string id;       // unique in its split and language
  std::string align;    // equal across translations
  std::string cluster;  // its document
};

// Turns the outputs for a data set into one prediction per example. Used by one thread.
class Decoder {
 public:
  using PredictionSink = std::function<void(std::int64_t example, std::string_view text)>;

  virtual ~Decoder() = default;
  virtual void add(std::int64_t example, std::span<const NamedArray> arrays) = 0;
  // What decoding of other splits should use, learnt from this one; only where Task::tunes().
  virtual std::string tune(const VectorSearch* search) = 0;
  virtual void finish(std::string_view tuned, const VectorSearch* search,
                      const PredictionSink& sink) = 0;
};

// One split of one language, read and checked.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;  // examples
  virtual ExampleInfo example(std::int64_t index) const = 0;
  virtual void featurize(std::int64_t index, FeatureSink& sink) const = 0;
  virtual std::unique_ptr<Decoder> decoder() const = 0;
  // Additive statistics of a prediction, one per name in Manifest::statistics; nothing where the
  // example has no gold.
  virtual std::optional<std::vector<double>> score(std::int64_t index,
                                                   std::string_view prediction) const = 0;
};

struct DatasetRequest {
  std::string split;
  std::string language;
  std::map<std::string, std::filesystem::path> files;  // by the name in the manifest
  const Tokenizer* tokenizer =
      nullptr;  // outlives the dataset; null where only predictions are scored
  std::int64_t max_tokens = 0;
  std::vector<std::string> labels = {};  // of the head
};

// A batch on its way through a head: `inputs` in the manifest's order, on the step's device.
struct HeadBatch {
  std::span<const at::Tensor> inputs;
  std::int64_t size = 0;       // features
  bool training = false;       // dropout or not
  RandomKey key;               // of the optimizer step
  std::int64_t first_row = 0;  // this micro-batch's place in the optimizer step's batch
};

class Head {
 public:
  virtual ~Head() = default;
  virtual std::vector<at::Tensor> forward(const HeadBatch& batch) = 0;
  // A scalar: the sum over the items, see Manifest::loss_items.
  virtual at::Tensor loss(const HeadBatch& batch, std::span<const at::Tensor> outputs) = 0;
};

// What a head is made for.
struct HeadSizes {
  std::int64_t hidden = 0;
  std::int64_t labels = 0;      // how many
  std::int64_t vocabulary = 0;  // rows of the word embeddings
  TaskOptions options = {};     // those that a study sets; the others are as in the manifest
};

// Makes a trained parameter: name, shape, init ("zeros", "ones", "normal(STD)").
using ParameterFactory = std::function<at::Tensor(
    std::string_view name, const std::vector<std::int64_t>& shape, std::string_view init)>;

class Task {
 public:
  virtual ~Task() = default;
  virtual const Manifest& manifest() const = 0;
  virtual const std::string& version() const = 0;  // of its plugin
  virtual const std::filesystem::path& plugin_file() const = 0;
  // False where featurize may only run on one thread at a time.
  virtual bool parallel_featurize() const = 0;
  // Whether decoding learns something on the dev split.
  virtual bool tunes() const = 0;
  // The head's labels, where the manifest takes them from the train split, whose `files` these are.
  virtual std::vector<std::string> read_labels(
      const std::map<std::string, std::filesystem::path>& files) = 0;
  // Throws Error(kInput) with the file and line of what is wrong in the data.
  virtual std::unique_ptr<Dataset> open(const DatasetRequest& request) = 0;
  virtual std::unique_ptr<Head> create_head(const HeadSizes& sizes,
                                            const ParameterFactory& parameters) = 0;
};

// All tasks that the search path offers.
class TaskCatalog {
 public:
  virtual ~TaskCatalog() = default;
  virtual std::vector<std::string> names() const = 0;
  // Loads the plugin on first use. Throws Error(kInput) for a name that isn't there (with the
  // nearest one) and for a plugin that can't be used.
  virtual Task& task(std::string_view name) = 0;
};

}  // namespace sojourn
