// The family of tasks that find each English sentence's translation among all foreign ones, by the
// encoder's own sentence vectors: nothing is trained.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/manifest.h>
#include <sojourn/sentence_vectors.h>
#include <sojourn/text_files.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Sentences to search, and sentences whose translations to find among them.
struct SentenceLists {
  std::vector<std::string_view> foreign;
  std::vector<std::string_view> english;
  bool aligned = true;  // line i of one list translates line i of the other; else that is unknown
};

// Reads both files, one sentence a line. Throws DataError where one of them is longer than the
// other.
inline SentenceLists read_sentence_lists(const File& foreign, const File& english,
                                         bool aligned = true) {
  const auto read = [](const File& file) {
    std::vector<std::string_view> sentences;
    for (Lines lines(file); lines.next();) sentences.push_back(lines.text());
    return sentences;
  };
  SentenceLists lists{read(foreign), read(english), aligned};
  if (lists.foreign.size() != lists.english.size()) {
    const bool more = lists.english.size() > lists.foreign.size();
    const auto& longer = more ? english : foreign;
    const auto& shorter = more ? foreign : english;
    const std::size_t lines = more ? lists.foreign.size() : lists.english.size();
    throw DataError(longer.path, lines + 1,
                    "a line without a translation, expected " + std::to_string(lines) +
                        " lines as in " + shorter.path);
  }
  return lists;
}

// An example is an English sentence; its id, and the id of what is predicted for it, is the
// number of the line, from 1; in lists that aren't aligned, whose gold a benchmark keeps, what is
// predicted counts from 0, as XTREME's gold does. Each emits two features, the foreign sentence and
// the English one.
class RetrievalDataset : public Dataset {
 public:
  explicit RetrievalDataset(SentenceLists lists) : lists_(std::move(lists)) {
    const std::size_t first = lists_.aligned ? 1 : 0;
    for (std::size_t i = 0; i < lists_.english.size(); ++i) {
      ids_.push_back(std::to_string(i + 1));
      names_.push_back(std::to_string(i + first));
    }
    if (lists_.aligned) gold_ = names_;
  }
  // A benchmark's gold alone.
  explicit RetrievalDataset(std::vector<std::string> gold) : gold_(std::move(gold)) {
    for (std::size_t i = 0; i < gold_.size(); ++i) ids_.push_back(std::to_string(i + 1));
  }

  std::uint64_t size() const override { return ids_.size(); }
  Example example(std::uint64_t index) const override { return {ids_.at(index), {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    emit_sentence(call, lists_.foreign.at(index), kForeign);
    emit_sentence(call, lists_.english.at(index), kEnglish);
  }

  std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<NearestDecoder>(names_);
  }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    if (gold_.empty()) throw NoGold();
    return one_item(gold_.at(index) == prediction);
  }

 private:
  // The vectors stay with the host, in the order of the examples.
  class NearestDecoder : public Decoder {
   public:
    explicit NearestDecoder(const std::vector<std::string>& names) : names_(&names) {}

    void add(std::uint64_t /*example*/, const Arrays& /*arrays*/) override {}
    void finish(const DecodeCall& call) override {
      const Neighbours nearest = call.neighbours(kEnglish, kForeign, 1);
      for (std::uint64_t i = 0; i < nearest.rows; ++i) {
        call.predict(i, names_->at(static_cast<std::size_t>(nearest.index[i])));
      }
    }

   private:
    const std::vector<std::string>* names_;
  };

  SentenceLists lists_;
  std::vector<std::string> ids_;    // of the English sentences
  std::vector<std::string> names_;  // of the foreign ones, as they are predicted
  std::vector<std::string> gold_;   // for each English sentence; empty: unknown
};

// A task of this family. `Task` has two static members:
//   Description description();
//   SentenceLists read(const OpenCall& call);   // throws DataError
template <class Task>
struct SentenceRetrieval {
  static constexpr bool kHasHead = false;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() { return sentence_family("sentence retrieval"); }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    if (call.split() != kLabelsSplit) return std::make_unique<RetrievalDataset>(Task::read(call));
    std::vector<std::string> gold;
    for (Lines lines(call.file("labels")); lines.next();) gold.emplace_back(lines.text());
    return std::make_unique<RetrievalDataset>(std::move(gold));
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
