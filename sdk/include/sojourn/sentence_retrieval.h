// The family of tasks that find each English sentence's translation among all foreign ones, by the
// encoder's own sentence vectors: nothing is trained.
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
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Line i of one list translates line i of the other.
struct SentenceLists {
  std::vector<std::string_view> foreign;
  std::vector<std::string_view> english;
};

// Reads both files, one sentence a line. Throws DataError where one of them is longer than the
// other.
inline SentenceLists read_sentence_lists(const File& foreign, const File& english) {
  const auto read = [](const File& file) {
    std::vector<std::string_view> sentences;
    for (Lines lines(file); lines.next();) sentences.push_back(lines.text());
    return sentences;
  };
  SentenceLists lists{read(foreign), read(english)};
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
// number of the line (from 1). Each emits two features, the foreign sentence and the English one.
class RetrievalDataset : public Dataset {
 public:
  static constexpr std::int64_t kForeign = 0;
  static constexpr std::int64_t kEnglish = 1;

  explicit RetrievalDataset(SentenceLists lists) : lists_(std::move(lists)) {
    for (std::size_t i = 0; i < lists_.english.size(); ++i) ids_.push_back(std::to_string(i + 1));
  }

  std::uint64_t size() const override { return ids_.size(); }
  Example example(std::uint64_t index) const override { return {ids_.at(index), {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const auto emit = [&](std::string_view sentence, const std::int64_t& side) {
      const auto encoding = call.encode(sentence);
      call.emit({Field(encoding.ids, encoding.n), Field::scalar(side)});
    };
    emit(lists_.foreign.at(index), kForeign);
    emit(lists_.english.at(index), kEnglish);
  }

  std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<NearestDecoder>(ids_);
  }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    return one_item(ids_.at(index) == prediction);
  }

 private:
  // The vectors stay with the host, in the order of the examples.
  class NearestDecoder : public Decoder {
   public:
    explicit NearestDecoder(const std::vector<std::string>& ids) : ids_(&ids) {}

    void add(std::uint64_t /*example*/, const Arrays& /*arrays*/) override {}
    void finish(const DecodeCall& call) override {
      const Neighbours nearest = call.neighbours(kEnglish, kForeign, 1);
      for (std::uint64_t i = 0; i < nearest.rows; ++i) {
        call.predict(i, ids_->at(static_cast<std::size_t>(nearest.index[i])));
      }
    }

   private:
    const std::vector<std::string>* ids_;
  };

  SentenceLists lists_;
  std::vector<std::string> ids_;
};

// A task of this family. `Task` has two static members:
//   Description description();
//   SentenceLists read(const OpenCall& call);   // throws DataError
template <class Task>
struct SentenceRetrieval {
  static constexpr bool kHasHead = false;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec;
    spec.kind = "sentence retrieval";
    spec.fields = {{"input_ids", {"T"}, 0}, {"side", {}, 0}};
    spec.search_side = "side";
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<RetrievalDataset>(Task::read(call));
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
