// The family of tasks that pick one of several continuations of a text.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/manifest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

struct Choice {
  std::string id;  // unique in its split
  std::string prompt;
  std::vector<std::string> choices;  // as many in every example
  std::size_t answer;                // place in choices
};

// The prediction of an example is the number of the choice, from 0. Prompt and choice are encoded
// as a pair; where they are too long, the longer of the two is cut.
class ChoiceDataset : public Dataset {
 public:
  explicit ChoiceDataset(std::vector<Choice> examples) : examples_(std::move(examples)) {}

  std::uint64_t size() const override { return examples_.size(); }
  Example example(std::uint64_t index) const override { return {examples_.at(index).id, {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const Choice& example = examples_.at(index);
    std::vector<std::vector<std::int64_t>> rows;
    std::size_t width = 0;
    for (const auto& choice : example.choices) {
      const auto encoding = call.encode(example.prompt, choice);
      rows.emplace_back(encoding.ids, encoding.ids + encoding.n);
      width = std::max(width, rows.back().size());
    }
    std::vector<std::int64_t> ids;
    for (auto& row : rows) {
      row.resize(width, kEndOfRow);
      ids.insert(ids.end(), row.begin(), row.end());
    }
    const auto answer = static_cast<std::int64_t>(example.answer);
    call.emit({Field(ids, rows.size()), Field::scalar(answer)});
  }

  std::unique_ptr<Decoder> decoder() const override { return std::make_unique<BestChoice>(); }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    return one_item(std::to_string(examples_.at(index).answer) == prediction);
  }

 private:
  class BestChoice : public Decoder {
   public:
    void add(std::uint64_t example, const Arrays& arrays) override {
      const auto choices = static_cast<std::size_t>(arrays["logits"].shape[0]);
      predictions_.emplace_back(example, argmax(arrays.floats("logits"), choices));
    }
    void finish(const DecodeCall& call) override {
      for (const auto& [example, choice] : predictions_)
        call.predict(example, std::to_string(choice));
    }

   private:
    std::vector<std::pair<std::uint64_t, std::size_t>> predictions_;
  };

  std::vector<Choice> examples_;
};

// Dropout, dense, tanh, dropout, linear to one score on each choice's first token:
// hidden [B, C, T, H] -> logits [B, C]; cross-entropy over the choices.
class ChoiceHead : public Head {
 public:
  explicit ChoiceHead(const HeadCall& call)
      : select_(call.bind("core1::select(input,dim,index)")),
        tanh_(call.bind("core1::tanh(input)")),
        cross_entropy_(call.bind("core1::cross_entropy(input,target)")),
        dense_(call, "dense.weight", "dense.bias", call.hidden_size(), call.hidden_size()),
        out_(call, "out.weight", "out.bias", 1, call.hidden_size()) {}

  std::vector<Tensor> forward(const StepCall& call, const Inputs& inputs) override {
    const Tensor first = call(select_, {inputs[0], 2, 0});
    return {call(select_, {out_(call, call(tanh_, {dense_(call, first)})), 2, 0})};
  }

  Tensor loss(const StepCall& call, const Inputs& inputs,
              const std::vector<Tensor>& outputs) override {
    return call(cross_entropy_, {outputs[0], inputs[1]});
  }

 private:
  Op select_;
  Op tanh_;
  Op cross_entropy_;
  LinearLayer dense_;
  LinearLayer out_;
};

// A task of this family. `Task` has two static members:
//   Description description();                        // labels: the numbers of the choices
//   std::vector<Choice> read(const OpenCall& call);   // throws DataError
template <class Task>
struct MultipleChoice {
  static constexpr bool kHasHead = true;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec;
    spec.family = "multiple_choice";
    spec.kind = "multiple choice";
    spec.fields = {{"input_ids", {"C", "T"}, 0}, {"label", {}, 0}};
    spec.loss_items = "label";
    spec.inputs = {"hidden", "label"};
    spec.outputs = {{"logits", {"C"}}};
    spec.ops = {"core1::select", "core1::dropout", "core1::linear", "core1::tanh",
                "core1::cross_entropy"};
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<ChoiceDataset>(Task::read(call));
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<ChoiceHead>(call);
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
