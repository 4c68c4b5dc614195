// What the families share that choose one label for an example.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/manifest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Predicts the label of the highest of an example's `logits`, [labels]; the first of equals.
class LabelDecoder : public Decoder {
 public:
  // labels outlives the decoder.
  explicit LabelDecoder(const std::vector<std::string>& labels) : labels_(&labels) {}

  void add(std::uint64_t example, const Arrays& arrays) override {
    predictions_.emplace_back(example, argmax(arrays.floats("logits"), labels_->size()));
  }
  void finish(const DecodeCall& call) override {
    for (const auto& [example, label] : predictions_) call.predict(example, (*labels_)[label]);
  }

 private:
  const std::vector<std::string>* labels_;
  std::vector<std::pair<std::uint64_t, std::size_t>> predictions_;
};

// Dropout, dense, tanh, dropout, linear on the first token, and cross-entropy. Its inputs are
// hidden states and labels.
class LabelHead : public Head {
 public:
  LabelHead(const HeadCall& call, std::int64_t outputs)
      : select_(call.bind("core1::select(input,dim,index)")),
        tanh_(call.bind("core1::tanh(input)")),
        cross_entropy_(call.bind("core1::cross_entropy(input,target)")),
        dense_(call, "dense.weight", "dense.bias", call.hidden_size(), call.hidden_size()),
        out_(call, "out.weight", "out.bias", outputs, call.hidden_size()) {}

  Tensor loss(const StepCall& call, const Inputs& inputs,
              const std::vector<Tensor>& outputs) override {
    return call(cross_entropy_, {outputs[0], inputs[1]});
  }

 protected:
  // Entry 0 of a dimension, which goes.
  Tensor select(const StepCall& call, Tensor x, int dimension) const {
    return call(select_, {x, dimension, 0});
  }
  // hidden [.., T, H], T at place `tokens` -> [.., outputs]
  Tensor scores(const StepCall& call, Tensor hidden, int tokens) const {
    return out_(call, call(tanh_, {dense_(call, select(call, hidden, tokens))}));
  }

 private:
  Op select_;
  Op tanh_;
  Op cross_entropy_;
  LinearLayer dense_;
  LinearLayer out_;
};

// hidden [B, T, H] -> logits [B, outputs].
class FirstTokenHead : public LabelHead {
 public:
  using LabelHead::LabelHead;

  std::vector<Tensor> forward(const StepCall& call, const Inputs& inputs) override {
    return {scores(call, inputs[0], 1)};
  }
};

// The label of an example without one.
constexpr std::int64_t kNoLabel = -100;

// What a family with such a head says of itself. name: "sequence_classification".
inline FamilySpec first_token_family(const std::string& name) {
  FamilySpec spec;
  spec.family = name;
  spec.kind = name;
  for (char& c : spec.kind) {
    if (c == '_') c = ' ';
  }
  spec.fields = {{"input_ids", {"T"}, 0}, {"label", {}, 0}};
  spec.loss_items = "label";
  spec.inputs = {"hidden", "label"};
  spec.outputs = {{"logits", {"L"}}};
  spec.ops = {"core1::select", "core1::dropout", "core1::linear", "core1::tanh",
              "core1::cross_entropy"};
  return spec;
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
