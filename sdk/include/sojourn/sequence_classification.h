// The family of tasks that put one label on a text.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/label_head.h>
#include <sojourn/manifest.h>
#include <sojourn/text_files.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

struct LabelledText {
  std::string id;  // unique in its split; equal across translations
  std::string text;
  std::optional<std::size_t> label;  // place among the labels; nothing in a file without gold
};

// The prediction of an example is its label.
class TextDataset : public Dataset {
 public:
  TextDataset(std::vector<LabelledText> texts, std::vector<std::string> labels)
      : texts_(std::move(texts)), labels_(std::move(labels)) {}

  std::uint64_t size() const override { return texts_.size(); }
  Example example(std::uint64_t index) const override { return {texts_.at(index).id, {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const LabelledText& example = texts_.at(index);
    const auto encoding = call.encode(example.text);
    const std::int64_t label = example.label ? static_cast<std::int64_t>(*example.label) : kNoLabel;
    call.emit({Field(encoding.ids, encoding.n), Field::scalar(label)});
  }

  std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<LabelDecoder>(labels_);
  }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    const auto label = texts_.at(index).label;
    if (!label) throw NoGold();
    return one_item(labels_[*label] == prediction);
  }

 private:
  std::vector<LabelledText> texts_;
  std::vector<std::string> labels_;
};

// A task of this family. `Task` has two static members:
//   Description description();
//   std::vector<LabelledText> read(const OpenCall& call);   // throws DataError
template <class Task>
struct SequenceClassification {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() { return first_token_family("sequence_classification"); }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<TextDataset>(Task::read(call), call.labels());
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<FirstTokenHead>(call, call.labels());
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
