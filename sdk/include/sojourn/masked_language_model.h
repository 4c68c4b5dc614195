// The family of tasks that learn to tell the pieces of a text that the host hid: masked language
// modelling (BERT, XLM-R). Trained, never scored.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/manifest.h>
#include <sojourn/text_files.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

struct Paragraph {
  std::string_view text;
  std::size_t line;  // of its file, from 1
};

// One paragraph a line; blank lines are skipped. Throws DataError.
inline std::vector<Paragraph> read_paragraphs(const File& file) {
  std::vector<Paragraph> paragraphs;
  for (Lines lines(file); lines.next();) {
    if (lines.text().find_first_not_of(" \t") != std::string_view::npos)
      paragraphs.push_back({lines.text(), lines.number()});
  }
  return paragraphs;
}

// An example is a paragraph; its id is the number of its line. One that is too long becomes windows
// side by side, so that all of it is learnt from.
class MaskedLanguageModelDataset : public Dataset {
 public:
  explicit MaskedLanguageModelDataset(const std::vector<Paragraph>& paragraphs) {
    for (const auto& [text, line] : paragraphs) {
      texts_.push_back(text);
      ids_.push_back(std::to_string(line));
    }
  }

  std::uint64_t size() const override { return texts_.size(); }
  Example example(std::uint64_t index) const override { return {ids_.at(index), {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const std::uint64_t windows = call.encode_windows(texts_.at(index));
    for (std::uint64_t i = 0; i < windows; ++i) {
      const sojourn_encoding window = call.window(i);
      const std::vector<std::int64_t> labels(window.n, kHidesNothing);  // the host's to write
      call.emit({Field(window.ids, window.n), Field(labels)});
    }
  }

  std::unique_ptr<Decoder> decoder() const override { refuse(); }
  std::vector<double> score(std::uint64_t /*index*/,
                            std::string_view /*prediction*/) const override {
    refuse();
  }

 private:
  static constexpr std::int64_t kHidesNothing = -100;

  [[noreturn]] static void refuse() {
    throw Failure(SOJOURN_UNIMPLEMENTED, "a masked language model is trained, not scored");
  }

  std::vector<std::string_view> texts_;
  std::vector<std::string> ids_;
};

// Dense, gelu and layer norm on the chosen pieces, then the product with each word's embedding: the
// decoder is tied to the encoder's table and has only a bias of its own.
//
// Source: BertLMPredictionHead and XLMRobertaLMHead of Hugging Face transformers.
class MaskedLanguageModelHead : public Head {
 public:
  explicit MaskedLanguageModelHead(const HeadCall& call)
      : linear_(call.bind("core1::linear(input,weight,bias)")),
        gelu_(call.bind("core1::gelu(input)")),
        layer_norm_(call.bind("core1::layer_norm(input,weight,bias)")),
        gather_rows_(call.bind("core1::gather_rows(input,target)")),
        cross_entropy_(call.bind("core1::cross_entropy(input,target)")),
        dense_weight_(call.parameter("dense.weight", {call.hidden_size(), call.hidden_size()},
                                     "normal(0.02)")),
        dense_bias_(call.parameter("dense.bias", {call.hidden_size()}, "zeros")),
        norm_weight_(call.parameter("layer_norm.weight", {call.hidden_size()}, "ones")),
        norm_bias_(call.parameter("layer_norm.bias", {call.hidden_size()}, "zeros")),
        bias_(call.parameter("bias", {call.vocab_size()}, "zeros")) {}

  // Nothing is scored, and logits of all pieces would be too many to keep.
  std::vector<Tensor> forward(const StepCall& /*call*/, const Inputs& /*inputs*/) override {
    return {};
  }

  Tensor loss(const StepCall& call, const Inputs& inputs,
              const std::vector<Tensor>& /*outputs*/) override {
    const Tensor labels = inputs[1];
    const Tensor hidden = call(gather_rows_, {inputs[0], labels});
    const Tensor dense = call(gelu_, {call(linear_, {hidden, dense_weight_, dense_bias_})});
    const Tensor normed = call(layer_norm_, {dense, norm_weight_, norm_bias_});
    const Tensor logits = call(linear_, {normed, inputs[2], bias_});
    return call(cross_entropy_, {logits, call(gather_rows_, {labels, labels})});
  }

 private:
  Op linear_;
  Op gelu_;
  Op layer_norm_;
  Op gather_rows_;
  Op cross_entropy_;
  Tensor dense_weight_;
  Tensor dense_bias_;
  Tensor norm_weight_;
  Tensor norm_bias_;
  Tensor bias_;
};

// A task of this family. `Task` has two static members:
//   Description description();                             // of its splits, train only
//   std::vector<Paragraph> read(const OpenCall& call);     // throws DataError
template <class Task>
struct MaskedLanguageModel {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec;
    spec.family = "masked_language_model";
    spec.kind = "masked language modelling";
    spec.fields = {{"input_ids", {"T"}, 0}, {"labels", {"T"}, -100}};
    spec.loss_items = "labels";
    spec.masked_share = 0.15;
    spec.inputs = {"hidden", "labels", "word_embeddings"};
    spec.ops = {"core1::linear", "core1::gelu", "core1::layer_norm", "core1::gather_rows",
                "core1::cross_entropy"};
    spec.statistics.clear();
    spec.metrics.clear();
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<MaskedLanguageModelDataset>(Task::read(call));
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<MaskedLanguageModelHead>(call);
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
