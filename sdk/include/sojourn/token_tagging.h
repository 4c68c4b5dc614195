// The family of tasks that put a tag on every word of a sentence.
#pragma once

#include <sojourn/chunks.h>
#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/manifest.h>
#include <sojourn/tagged_words.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Sentences of a benchmark's gold alone: a tag a line, a blank line after each. Throws DataError.
inline std::vector<TaggedSentence> read_tag_lines(const OpenCall& call) {
  const std::vector<std::string> known = call.labels();
  std::vector<TaggedSentence> sentences(1);
  for (Lines lines(call.file("labels")); lines.next();) {
    if (!lines.text().empty()) {
      index_of(lines, known, lines.text(), "tag");
      sentences.back().tags.push_back(lines.text());
    } else if (!sentences.back().tags.empty()) {
      sentences.emplace_back();
    }
  }
  if (sentences.back().tags.empty()) sentences.pop_back();
  return sentences;
}

// The prediction of an example is its tags, one per word, joined by a space. A sentence that is
// too long is split between words, never cut. A word without a piece (nothing that the tokenizer
// keeps) can't be tagged: it is predicted as "<none>", and counts as wrong by every profile. So
// does every word of a sentence whose prediction is empty, and a word whose gold tag isn't among
// those that the head knows, whatever is predicted for it.
//
// Statistics: correct and total words; of chunks, for each profile, those that are right, those
// predicted and those there are.
class TaggingDataset : public Dataset {
 public:
  static constexpr std::int64_t kIgnored = -100;
  static constexpr std::string_view kNoTag = "<none>";

  TaggingDataset(std::vector<TaggedSentence> sentences, std::vector<std::string> tags, bool chunks)
      : sentences_(std::move(sentences)), tags_(std::move(tags)), chunks_(chunks) {
    for (std::size_t i = 0; i < sentences_.size(); ++i) ids_.push_back(std::to_string(i + 1));
    for (std::size_t i = 0; i < tags_.size(); ++i)
      places_.emplace(tags_[i], static_cast<std::int64_t>(i));
  }

  std::uint64_t size() const override { return sentences_.size(); }
  Example example(std::uint64_t index) const override { return {ids_.at(index), {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const TaggedSentence& sentence = sentences_.at(index);
    const std::uint64_t windows = call.encode_words(sentence.words);
    for (std::uint64_t i = 0; i < windows; ++i) emit(call, sentence, call.window(i));
    if (windows == 0) {  // still a feature, so that the sentence is decoded and counted
      emit(call, sentence, call.encode(""));
    }
  }

  std::unique_ptr<Decoder> decoder() const override { return std::make_unique<TagDecoder>(*this); }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    const auto& gold = sentences_.at(index).tags;
    if (gold.empty()) throw NoGold();
    auto predicted = split_at_spaces(prediction);
    if (predicted.empty()) predicted.assign(gold.size(), kNoTag);  // none was made
    if (predicted.size() != gold.size()) {
      throw Failure(SOJOURN_INVALID, "sentence " + ids_[index] + ": the prediction has " +
                                         std::to_string(predicted.size()) + " tags, expected " +
                                         std::to_string(gold.size()));
    }
    std::vector<double> statistics{0, static_cast<double>(gold.size())};
    for (std::size_t i = 0; i < gold.size(); ++i) statistics[0] += predicted[i] == gold[i] ? 1 : 0;
    if (chunks_) {
      for (const auto profile : {ChunkProfile::kXtreme2020, ChunkProfile::kSeqeval1}) {
        const auto counts = count_chunks(predicted, gold, profile);
        for (const std::size_t count : {counts.correct, counts.predicted, counts.gold})
          statistics.push_back(static_cast<double>(count));
      }
    }
    return statistics;
  }

  // Chooses tags word by word; a family with another rule overrides choose().
  class TagDecoder : public Decoder {
   public:
    explicit TagDecoder(const TaggingDataset& dataset) : dataset_(&dataset) {}

    void add(std::uint64_t example, const Arrays& arrays) final {
      const auto& words = dataset_->sentences_.at(example).words;
      auto& tags = predictions_.try_emplace(example, words.size(), kNoTag).first->second;
      const auto length = arrays["word"].shape[0];
      const std::int64_t* word = arrays.integers("word");
      std::vector<std::size_t> pieces;
      for (std::int64_t t = 0; t < length; ++t) {
        if (word[t] >= 0) pieces.push_back(static_cast<std::size_t>(t));
      }
      const auto chosen = choose(arrays, pieces, dataset_->tags_.size());
      for (std::size_t i = 0; i < pieces.size(); ++i)
        tags.at(static_cast<std::size_t>(word[pieces[i]])) = dataset_->tags_.at(chosen.at(i));
    }

    void finish(const DecodeCall& call) final {
      std::size_t untagged = 0;
      for (const auto& [example, tags] : predictions_) {
        std::string text;
        for (const auto& tag : tags) {
          if (tag == kNoTag) ++untagged;
          if (!text.empty()) text += ' ';
          text += tag;
        }
        call.predict(example, text);
      }
      if (untagged > 0) {
        call.log(SOJOURN_LOG_INFO,
                 std::to_string(untagged) + " words without a piece: not tagged, counted as wrong");
      }
    }

   protected:
    // The place of a tag, of so many, for each of these pieces of a feature: the words' first ones.
    virtual std::vector<std::size_t> choose(const Arrays& arrays,
                                            const std::vector<std::size_t>& pieces,
                                            std::size_t tags) const {
      const float* logits = arrays.floats("logits");
      std::vector<std::size_t> chosen;
      chosen.reserve(pieces.size());
      for (const std::size_t t : pieces) chosen.push_back(argmax(logits + t * tags, tags));
      return chosen;
    }

   private:
    const TaggingDataset* dataset_;
    std::map<std::uint64_t, std::vector<std::string_view>> predictions_;
  };

 private:
  void emit(const FeatureCall& call, const TaggedSentence& sentence,
            const sojourn_encoding& window) const {
    std::vector<std::int64_t> labels(window.n, kIgnored);
    std::vector<std::int64_t> word(window.n, -1);
    for (std::uint64_t t = 0; t < window.n; ++t) {
      const std::int64_t w = window.word[t];
      if (w < 0 || (t > 0 && window.word[t - 1] == w)) continue;  // only a word's first piece
      word[t] = w;
      if (sentence.tags.empty()) continue;
      const auto place = places_.find(sentence.tags[static_cast<std::size_t>(w)]);
      if (place != places_.end()) labels[t] = place->second;
    }
    call.emit({Field(window.ids, window.n), Field(labels), Field(word)});
  }

  std::vector<TaggedSentence> sentences_;
  std::vector<std::string> tags_;
  std::unordered_map<std::string_view, std::int64_t> places_;  // of the tags
  bool chunks_;
  std::vector<std::string> ids_;
};

// Dropout and linear on every token: hidden [B, T, H] -> logits [B, T, tags].
class TaggingHead : public Head {
 public:
  TaggingHead(const HeadCall& call, std::int64_t tags)
      : cross_entropy_(call.bind("core1::cross_entropy(input,target)")),
        out_(call, "out.weight", "out.bias", tags, call.hidden_size()) {}

  std::vector<Tensor> forward(const StepCall& call, const Inputs& inputs) override {
    return {out_(call, inputs[0])};
  }

  Tensor loss(const StepCall& call, const Inputs& inputs,
              const std::vector<Tensor>& outputs) override {
    return call(cross_entropy_, {outputs[0], inputs[1]});
  }

 private:
  Op cross_entropy_;
  LinearLayer out_;
};

// A task of this family, scored by accuracy over words. `Task` has two static members:
//   Description description();                                // labels: the tags
//   std::vector<TaggedSentence> read(const OpenCall& call);   // throws DataError
template <class Task>
struct TokenTagging {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec;
    spec.family = "token_tagging";
    spec.kind = "token tagging";
    spec.fields = {{"input_ids", {"T"}, 0}, {"labels", {"T"}, -100}, {"word", {"T"}, -1}};
    spec.loss_items = "labels";
    spec.inputs = {"hidden", "labels"};
    spec.outputs = {{"logits", {"T", "L"}}};
    spec.predictions = "sentences";
    spec.ops = {"core1::dropout", "core1::linear", "core1::cross_entropy"};
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) { return open(call, false); }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<TaggingHead>(call, call.labels());
  }

 protected:
  static std::unique_ptr<Dataset> open(const OpenCall& call, bool chunks) {
    auto sentences = call.split() == kLabelsSplit ? read_tag_lines(call) : Task::read(call);
    return std::make_unique<TaggingDataset>(std::move(sentences), call.labels(), chunks);
  }
};

// The same where the tags are those of the train split, so that the description has none. `Task`
// also has
//   std::vector<std::string> labels(const FilesCall& call);   // throws DataError
template <class Task>
struct OpenTagging : TokenTagging<Task> {
  static std::vector<std::string> labels(const FilesCall& call) { return Task::labels(call); }
};

// The same where runs of words count as one: also scored by F1 over chunks, with XTREME's the one
// that tables show.
template <class Task>
struct ChunkTagging : TokenTagging<Task> {
  static FamilySpec family() {
    FamilySpec spec = TokenTagging<Task>::family();
    spec.metrics.clear();
    for (const std::string profile : {"xtreme-2020", "seqeval-1"}) {
      std::vector<std::string> counts;
      for (const char* count : {"correct", "predicted", "gold"})
        counts.push_back(profile + "/" + count);
      spec.statistics.insert(spec.statistics.end(), counts.begin(), counts.end());
      spec.metrics.push_back({"f1", profile, counts});
    }
    spec.metrics.push_back({"accuracy", "accuracy", {"correct", "total"}});
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return TokenTagging<Task>::open(call, true);
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
