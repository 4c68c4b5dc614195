// The family of tasks that mine translations from two heaps of sentences, most of which have none,
// by the encoder's own sentence vectors: nothing is trained but a threshold.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/manifest.h>
#include <sojourn/sentence_vectors.h>
#include <sojourn/text_files.h>
#include <sojourn/unique_ids.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Sentences with ids; equal ones are embedded once.
struct SentenceHeap {
  std::string path;                                 // of the file
  std::vector<std::string> ids;                     // of the sentences
  std::vector<std::string_view> unique;             // in the order of their first places
  std::vector<std::size_t> place;                   // of each sentence in `unique`
  std::vector<std::vector<std::size_t>> sentences;  // of each place
};

// A pair of ids: foreign, English.
using IdPairs = std::set<std::pair<std::string, std::string>>;

// The two columns of a line that begins with an id. Throws DataError where it isn't one:
// predictions are ids, joined by a space.
inline std::vector<std::string_view> id_columns(const Lines& line) {
  auto cells = columns(line, 2);
  if (cells[0].empty() || cells[0].find(' ') != std::string_view::npos)
    line.fail("id '" + std::string(cells[0]) + "', expected one character or more and no space");
  return cells;
}

// Reads `id TAB sentence` lines. Throws DataError: another number of columns, an id that repeats.
inline SentenceHeap read_sentence_heap(const File& file) {
  SentenceHeap heap;
  heap.path = file.path;
  UniqueIds ids("id");
  std::unordered_map<std::string_view, std::size_t> places;
  for (Lines lines(file); lines.next();) {
    const auto cells = id_columns(lines);
    ids.add(std::string(cells[0]), lines);
    const auto [place, fresh] = places.emplace(cells[1], heap.unique.size());
    if (fresh) {
      heap.unique.push_back(cells[1]);
      heap.sentences.emplace_back();
    }
    heap.sentences[place->second].push_back(heap.ids.size());
    heap.place.push_back(place->second);
    heap.ids.emplace_back(cells[0]);
  }
  return heap;
}

// Reads `foreign-id TAB english-id` lines; nothing for an empty file. Throws DataError, also where
// `check`, called with each line and its two ids, does.
template <class Check>
IdPairs read_id_pairs(const File& file, const Check& check) {
  IdPairs pairs;
  if (file.bytes.empty()) return pairs;
  for (Lines lines(file); lines.next();) {
    const auto ids = id_columns(lines);
    check(lines, ids);
    if (!pairs.emplace(ids[0], ids[1]).second) lines.fail("the same pair again");
  }
  return pairs;
}
inline IdPairs read_id_pairs(const File& file) {
  return read_id_pairs(file, [](const Lines&, const std::vector<std::string_view>&) {});
}

// Reads pairs of ids that these sentences have. Throws DataError.
inline IdPairs read_gold_pairs(const File& file, const SentenceHeap& foreign,
                               const SentenceHeap& english) {
  const auto ids_of = [](const SentenceHeap& heap) {
    return std::set<std::string_view>(heap.ids.begin(), heap.ids.end());
  };
  const auto foreign_ids = ids_of(foreign);
  const auto english_ids = ids_of(english);
  const auto expect = [](const Lines& line, std::string_view id,
                         const std::set<std::string_view>& known, const std::string& path) {
    if (known.count(id) == 0)
      line.fail("id '" + std::string(id) + "', expected one of those in " + path);
  };
  return read_id_pairs(file, [&](const Lines& line, const std::vector<std::string_view>& ids) {
    expect(line, ids[0], foreign_ids, foreign.path);
    expect(line, ids[1], english_ids, english.path);
  });
}

// Mining by ratio margin, as LASER and XTREME do it: a pair's score is its cosine over the mean of
// both sides' mean cosine to their 4 nearest neighbours; every sentence's best partner is a
// candidate, in both directions, and of candidates that share a sentence the higher one stays.
//
// Source: Artetxe & Schwenk, arXiv 1811.01136, and utils_retrieve.py of XTREME.
class MarginMiner {
 public:
  struct Candidate {
    double score;
    std::size_t foreign;  // place in SentenceHeap::unique
    std::size_t english;
  };

  // Candidates by falling score; of equal ones first the foreign sentences', then by place.
  static std::vector<Candidate> mine(const TuneCall& call, std::int64_t foreign,
                                     std::int64_t english) {
    const Side forward(call, foreign, english);
    const Side backward(call, english, foreign);
    std::vector<Candidate> all;
    for (std::size_t f = 0; f < forward.size(); ++f) {
      const auto [score, e] = forward.best(f, backward);
      all.push_back({score, f, e});
    }
    for (std::size_t e = 0; e < backward.size(); ++e) {
      const auto [score, f] = backward.best(e, forward);
      all.push_back({score, f, e});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    return one_to_one(all, forward.size(), backward.size());
  }

 private:
  static constexpr std::uint32_t kNeighbours = 4;

  // Each sentence of one side and its nearest ones on the other.
  class Side {
   public:
    Side(const TuneCall& call, std::int64_t from, std::int64_t to)
        : k_(std::min<std::uint64_t>(kNeighbours, call.count(to))),
          nearest_(call.neighbours(from, to, static_cast<std::uint32_t>(k_))) {
      for (std::size_t i = 0; i < size(); ++i) {
        double sum = 0;
        for (std::size_t n = 0; n < k_; ++n) sum += static_cast<double>(cosine(i, n));
        mean_.push_back(sum / static_cast<double>(k_));
      }
    }

    std::size_t size() const { return nearest_.rows; }

    std::pair<double, std::size_t> best(std::size_t i, const Side& other) const {
      std::pair<double, std::size_t> best{0, 0};
      for (std::size_t n = 0; n < k_; ++n) {
        const auto partner = static_cast<std::size_t>(nearest_.index[i * k_ + n]);
        const double margin =
            static_cast<double>(cosine(i, n)) / ((mean_[i] + other.mean_[partner]) / 2);
        if (margin != margin) throw Failure(SOJOURN_INTERNAL, "a margin is NaN");
        if (n == 0 || margin > best.first) best = {margin, partner};
      }
      return best;
    }

   private:
    float cosine(std::size_t i, std::size_t n) const { return nearest_.cosine[i * k_ + n]; }

    std::size_t k_;
    Neighbours nearest_;
    std::vector<double> mean_;
  };

  static std::vector<Candidate> one_to_one(const std::vector<Candidate>& all, std::size_t foreign,
                                           std::size_t english) {
    std::vector<bool> taken_foreign(foreign);
    std::vector<bool> taken_english(english);
    std::vector<Candidate> kept;
    for (const Candidate& candidate : all) {
      if (taken_foreign[candidate.foreign] || taken_english[candidate.english]) continue;
      taken_foreign[candidate.foreign] = taken_english[candidate.english] = true;
      kept.push_back(candidate);
    }
    return kept;
  }
};

// What becomes of a mined pair whose sentence stands under several ids.
enum class Duplicates {
  kDrop,   // it is left out, as XTREME does
  kExpand  // it stands for all pairs of these ids, as jiant does
};

// An example is a foreign sentence; its prediction the ids of the English ones mined for it, joined
// by a space. A pair is mined where its score reaches the threshold, which is the one of best F1 on
// the dev split's gold: half-way between two scores.
//
// Statistics: mined pairs that are right, mined pairs, and gold ones.
class MiningDataset : public Dataset {
 public:
  MiningDataset(SentenceHeap foreign, SentenceHeap english, std::optional<IdPairs> gold,
                Duplicates duplicates)
      : foreign_(std::move(foreign)),
        english_(std::move(english)),
        gold_(std::move(gold)),
        duplicates_(duplicates) {
    if (!gold_) return;
    for (const auto& pair : *gold_) ++gold_of_[pair.first];
  }

  std::uint64_t size() const override { return foreign_.ids.size(); }
  Example example(std::uint64_t index) const override { return {foreign_.ids.at(index), {}, {}}; }

  // Its own sentence, where it is the first such, and its share of the English ones, so that the
  // first n examples have a like part of both sides.
  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const std::size_t place = foreign_.place.at(index);
    if (foreign_.sentences[place].front() == index)
      emit_sentence(call, foreign_.unique[place], kForeign);
    const std::size_t n = english_.unique.size();
    for (std::size_t e = index * n / size(); e < (index + 1) * n / size(); ++e)
      emit_sentence(call, english_.unique[e], kEnglish);
  }

  std::unique_ptr<Decoder> decoder() const override { return std::make_unique<Miner>(*this); }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    if (!gold_) throw NoGold();
    const std::string& id = foreign_.ids.at(index);
    std::vector<double> statistics{0, 0, 0};
    for (const auto partner : split_at_spaces(prediction)) {
      statistics[0] += gold_->count({id, std::string(partner)}) != 0 ? 1 : 0;
      statistics[1] += 1;
    }
    const auto found = gold_of_.find(id);
    if (found != gold_of_.end()) statistics[2] = static_cast<double>(found->second);
    return statistics;
  }

 private:
  class Miner : public Decoder {
   public:
    explicit Miner(const MiningDataset& data) : data_(&data) {}

    void add(std::uint64_t /*example*/, const Arrays& /*arrays*/) override {}

    std::string tune(const TuneCall& call) override {
      if (!data_->gold_) throw Failure(SOJOURN_PRECONDITION, "the dev split has no gold");
      return number_text(best_threshold(pairs(call)));
    }

    void finish(const DecodeCall& call) override {
      if (call.tuned().empty())
        throw Failure(SOJOURN_PRECONDITION, "no dev split to learn the threshold on");
      const double threshold = call.tuned_number();
      std::vector<std::string> predictions(data_->foreign_.ids.size());
      for (const auto& pair : pairs(call)) {
        if (pair.score < threshold) break;
        std::string& prediction = predictions[pair.foreign];
        prediction += (prediction.empty() ? "" : " ") + data_->english_.ids[pair.english];
      }
      for (std::size_t i = 0; i < predictions.size(); ++i) call.predict(i, predictions[i]);
    }

   private:
    // Mined pairs as sentences instead of places, by falling score; mined once.
    const std::vector<MarginMiner::Candidate>& pairs(const TuneCall& call) {
      if (!pairs_) pairs_ = mine(call);
      return *pairs_;
    }

    std::vector<MarginMiner::Candidate> mine(const TuneCall& call) const {
      std::vector<MarginMiner::Candidate> found;
      for (const auto& candidate : MarginMiner::mine(call, kForeign, kEnglish)) {
        const auto& foreign = data_->foreign_.sentences[candidate.foreign];
        const auto& english = data_->english_.sentences[candidate.english];
        const bool repeated = foreign.size() > 1 || english.size() > 1;
        if (repeated && data_->duplicates_ == Duplicates::kDrop) continue;
        for (const std::size_t f : foreign) {
          for (const std::size_t e : english) found.push_back({candidate.score, f, e});
        }
      }
      return found;
    }

    // Between the last pair that belongs to the best F1 and the next one; the score of the last of
    // all where that is the best. The reference reads past the end there. F1 is computed in its
    // order, by which equal fractions may differ in their last bit: the first largest counts.
    double best_threshold(const std::vector<MarginMiner::Candidate>& found) const {
      double threshold = 0;
      double best = 0;
      std::size_t correct = 0;
      for (std::size_t i = 0; i < found.size(); ++i) {
        correct += data_->gold_->count(
            {data_->foreign_.ids[found[i].foreign], data_->english_.ids[found[i].english]});
        const bool last = i + 1 == found.size();
        if (!last && found[i + 1].score == found[i].score) continue;  // no threshold parts them
        if (correct == 0) continue;
        const double precision = static_cast<double>(correct) / static_cast<double>(i + 1);
        const double recall =
            static_cast<double>(correct) / static_cast<double>(data_->gold_->size());
        const double f1 = 2 * precision * recall / (precision + recall);
        if (f1 <= best) continue;
        best = f1;
        threshold = last ? found[i].score : (found[i].score + found[i + 1].score) / 2;
      }
      return threshold;
    }

    const MiningDataset* data_;
    std::optional<std::vector<MarginMiner::Candidate>> pairs_;
  };

  SentenceHeap foreign_;
  SentenceHeap english_;
  std::optional<IdPairs> gold_;
  Duplicates duplicates_;
  std::unordered_map<std::string, std::size_t> gold_of_;
};

// A task of this family, whose files are `foreign`, `english` and, optional, `gold`. `Task` has one
// static member:
//   Description description();
template <class Task, Duplicates kDuplicates = Duplicates::kDrop>
struct BitextMining {
  static constexpr bool kHasHead = false;
  static constexpr bool kTunes = true;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec = sentence_family("bitext mining");
    spec.predictions = "pairs";
    spec.statistics = {"correct", "predicted", "gold"};
    spec.metrics = {{"f1", "bucc-2018", {"correct", "predicted", "gold"}}};
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    if (call.split() == kLabelsSplit) return open_labels(call);
    auto foreign = read_sentence_heap(call.file("foreign"));
    auto english = read_sentence_heap(call.file("english"));
    std::optional<IdPairs> gold;
    if (const auto file = call.optional_file("gold")) {
      gold = read_gold_pairs(*file, foreign, english);
    } else if (call.split() == "dev") {
      throw Failure(SOJOURN_INVALID,
                    foreign.path + ": no gold beside it, from which the threshold is learnt");
    }
    return std::make_unique<MiningDataset>(std::move(foreign), std::move(english), std::move(gold),
                                           kDuplicates);
  }

 private:
  // Gold alone. A mined pair of a sentence without gold is wrong, so such sentences count too.
  static std::unique_ptr<Dataset> open_labels(const OpenCall& call) {
    IdPairs gold = read_id_pairs(call.file("labels"));
    IdPairs all = gold;
    if (const auto mined = call.optional_file("predictions")) all.merge(read_id_pairs(*mined));
    SentenceHeap foreign;
    for (const auto& pair : all) {
      if (foreign.ids.empty() || foreign.ids.back() != pair.first)
        foreign.ids.push_back(pair.first);
    }
    return std::make_unique<MiningDataset>(std::move(foreign), SentenceHeap(), std::move(gold),
                                           kDuplicates);
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
