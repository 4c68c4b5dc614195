// The family of tasks that pick one of several continuations of a text.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/label_head.h>
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
  std::vector<std::string> choices;  // as many in every example as there are labels
  std::size_t answer;                // place in choices
};

// The prediction of an example is the number of the choice, from 0. Prompt and choice are encoded
// as a pair; where they are too long, the longer of the two is cut.
class ChoiceDataset : public Dataset {
 public:
  ChoiceDataset(std::vector<Choice> examples, std::vector<std::string> labels)
      : examples_(std::move(examples)), labels_(std::move(labels)) {
    for (const Choice& example : examples_) {
      if (example.choices.size() == labels_.size() && example.answer < labels_.size()) continue;
      throw Failure(SOJOURN_INVALID,
                    "example '" + example.id + "': " + std::to_string(example.choices.size()) +
                        " choices, answer " + std::to_string(example.answer) + ", expected " +
                        std::to_string(labels_.size()) + " choices, of which the first is 0");
    }
  }

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

  std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<LabelDecoder>(labels_);
  }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    return one_item(labels_.at(examples_.at(index).answer) == prediction);
  }

 private:
  std::vector<Choice> examples_;
  std::vector<std::string> labels_;
};

// One score on each choice: hidden [B, C, T, H] -> logits [B, C]; cross-entropy over the choices.
class ChoiceHead : public LabelHead {
 public:
  explicit ChoiceHead(const HeadCall& call) : LabelHead(call, 1) {}

  std::vector<Tensor> forward(const StepCall& call, const Inputs& inputs) override {
    return {select(call, scores(call, inputs[0], 2), 2)};
  }
};

// A task of this family. `Task` has two static members:
//   Description description();                        // labels: the numbers of the choices
//   std::vector<Choice> read(const OpenCall& call);   // throws DataError
template <class Task>
struct MultipleChoice {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec = first_token_family("multiple_choice");
    spec.fields = {{"input_ids", {"C", "T"}, 0}, {"label", {}, 0}};
    spec.outputs = {{"logits", {"C"}}};
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<ChoiceDataset>(Task::read(call), call.labels());
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<ChoiceHead>(call);
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
