// The family of tasks that put a number on a text, or on two, such as how alike they are.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/label_head.h>
#include <sojourn/manifest.h>
#include <sojourn/numbers.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

struct RatedText {
  std::string id;  // unique in its split; equal across translations
  std::string first;
  std::optional<std::string> second;  // in all examples, or in none
  std::optional<float> rating;        // nothing in a file without gold
};

// Predicts an example's `score`, [1], as text.
class NumberDecoder : public Decoder {
 public:
  void add(std::uint64_t example, const Arrays& arrays) override {
    const float score = *arrays.floats("score");
    if (!std::isfinite(score)) throw Failure(SOJOURN_INTERNAL, "an output isn't a number");
    predictions_.emplace_back(example, number_text(score));
  }
  void finish(const DecodeCall& call) override {
    for (const auto& [example, text] : predictions_) call.predict(example, text);
  }

 private:
  std::vector<std::pair<std::uint64_t, std::string>> predictions_;
};

class RatedDataset : public Dataset {
 public:
  explicit RatedDataset(std::vector<RatedText> texts) : texts_(std::move(texts)) {}

  std::uint64_t size() const override { return texts_.size(); }
  Example example(std::uint64_t index) const override { return {texts_.at(index).id, {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const RatedText& text = texts_.at(index);
    const auto encoding =
        text.second ? call.encode(text.first, *text.second) : call.encode(text.first);
    const float rating = text.rating.value_or(0);
    const std::int64_t item = text.rating ? 0 : kNoLabel;
    call.emit({Field(encoding.ids, encoding.n), Field::scalar(rating), Field::scalar(item)});
  }

  std::unique_ptr<Decoder> decoder() const override { return std::make_unique<NumberDecoder>(); }

  // The sums that the correlation of predictions and gold is made of.
  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    const auto rating = texts_.at(index).rating;
    if (!rating) throw NoGold();
    const auto x = number_of(prediction);
    if (!x || !std::isfinite(*x)) {
      throw Failure(SOJOURN_INVALID,
                    "the prediction '" + std::string(prediction) + "' is no number");
    }
    const double y = static_cast<double>(*rating);
    return {1, *x, y, *x * *x, y * y, *x * y};
  }

 private:
  std::vector<RatedText> texts_;
};

// hidden [B, T, H], rating [B] -> score [B, 1]; the sum of squared errors.
class RegressionHead : public FirstTokenHead {
 public:
  explicit RegressionHead(const HeadCall& call)
      : FirstTokenHead(call, 1), squared_error_(call.bind("core1::squared_error(input,target)")) {}

  Tensor loss(const StepCall& call, const Inputs& inputs,
              const std::vector<Tensor>& outputs) override {
    return call(squared_error_, {select(call, outputs[0], 1), inputs[1]});
  }

 private:
  Op squared_error_;
};

// A task of this family. `Task` has two static members:
//   Description description();
//   std::vector<RatedText> read(const OpenCall& call);   // throws DataError; in the train split,
//                                                        // all have a rating
template <class Task>
struct SequenceRegression {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec = first_token_family("sequence_regression");
    spec.fields = {{"input_ids", {"T"}, 0}, {"rating", {}, 0, "float32"}, {"item", {}, 0}};
    spec.loss_items = "item";
    spec.inputs = {"hidden", "rating"};
    spec.outputs = {{"score", {"1"}}};
    spec.ops.push_back("core1::squared_error");
    spec.statistics = {"pairs",        "predicted",     "gold", "predicted_squared",
                       "gold_squared", "predicted_gold"};
    spec.metrics = {{"pearson", "pearson", spec.statistics, "pearson"}};
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<RatedDataset>(Task::read(call));
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<RegressionHead>(call);
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
