#include "plugins/check/head_trial.h"

#include <numeric>

#include "core/data/masking.h"
#include "core/model/head_inputs.h"

namespace sojourn {

HeadTrial::HeadTrial(TaskBench& bench)
    : bench_(&bench),
      manifest_(&bench.manifest()),
      data_(bench.load(bench.training(), kExamples)),
      encoder_(&bench.new_encoder()),
      head_(bench.new_head()) {}

HeadBatchInputs HeadTrial::inputs(std::int64_t first, std::int64_t count) const {
  const auto& tokenizer = bench_->tokenizer();
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(count));
  std::iota(chosen.begin(), chosen.end(), first);
  Batch batch = collate(data_.features, chosen, tokenizer.pad_id());
  batch.first_row = first;  // so that a feature's hidden pieces don't depend on the batch
  if (const auto& masking = manifest_->masking) {
    std::size_t labels = 0;
    while (manifest_->fields[labels].name != masking->labels) ++labels;
    mask_batch(batch, labels, masking->share, masking_ids(tokenizer), {1, 0, 0}, "check");
  }
  HeadBatchInputs made{{}, batch.size, first};
  for (const auto& input : head_inputs(*encoder_, batch, *manifest_, head_.inputs, nullptr)) {
    const auto own = input.detach().clone();
    made.tensors.push_back(own.is_floating_point() ? own.requires_grad_() : own);
  }
  return made;
}

std::vector<at::Tensor> HeadTrial::forward(const HeadBatchInputs& inputs) {
  return head_.head->forward(inputs.batch());
}

at::Tensor HeadTrial::loss(const HeadBatchInputs& inputs) {
  const auto batch = inputs.batch();
  const auto outputs = head_.head->forward(batch);
  return head_.head->loss(batch, outputs);
}

std::vector<NamedTensor> HeadTrial::differentiated(const HeadBatchInputs& inputs) const {
  std::vector<NamedTensor> all;
  const std::string prefix = "head." + manifest_->name + ".";
  for (const auto& parameter : head_.parameters)
    all.push_back({"parameter '" + parameter.name.substr(prefix.size()) + "'", parameter.value});
  for (std::size_t i = 0; i < inputs.tensors.size(); ++i) {
    if (inputs.tensors[i].is_floating_point())
      all.push_back({"input " + std::to_string(i), inputs.tensors[i]});
  }
  return all;
}

}  // namespace sojourn
