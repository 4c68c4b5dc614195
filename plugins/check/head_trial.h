// A head on one batch of sample data, outside of training: what it gives as its parameters change.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/data/batches.h"
#include "plugins/check/bench.h"

namespace sojourn {

struct HeadBatchInputs {
  std::vector<at::Tensor> tensors;  // floats need gradients, and belong to nothing else
  std::int64_t size = 0;
  std::int64_t first_row = 0;

  HeadBatch batch(bool training = false) const {
    return {tensors, size, training, {1, 0, 0}, first_row};
  }
};

// A parameter or an input of the head, for messages.
struct NamedTensor {
  std::string name;
  at::Tensor value;
};

class HeadTrial {
 public:
  static constexpr std::int64_t kExamples = 8;

  explicit HeadTrial(TaskBench& bench);

  TaskHead& head() { return head_; }
  const Manifest& manifest() const { return *manifest_; }
  const LoadedDataset& data() const { return data_; }
  std::int64_t features() const { return data_.features.size(); }
  // What the head sees of `count` features from `first` on.
  HeadBatchInputs inputs(std::int64_t first, std::int64_t count) const;
  std::vector<at::Tensor> forward(const HeadBatchInputs& inputs);
  at::Tensor loss(const HeadBatchInputs& inputs);
  // Parameters, and inputs that are floats.
  std::vector<NamedTensor> differentiated(const HeadBatchInputs& inputs) const;

 private:
  TaskBench* bench_;
  const Manifest* manifest_;
  LoadedDataset data_;
  const Encoder* encoder_;
  TaskHead head_;
};

}  // namespace sojourn
