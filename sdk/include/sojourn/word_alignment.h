// The family of tasks that train an encoder so that a word and its translation get like vectors at
// one hidden layer (arXiv 2506.15415), and that measure how like they are at any.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/json.h>
#include <sojourn/manifest.h>
#include <sojourn/sentence_vectors.h>
#include <sojourn/word_alignment_head.h>
#include <sojourn/word_pairs.h>

#include <algorithm>
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

// Pairs that are no translations: each pair's foreign word, and for it the English word of another
// pair, all of them once. Nothing where every English word translates it.
//
//   n        the first pairs of the lexicon are meant
//   numbers  n random ones
inline std::vector<std::optional<std::size_t>> random_partners(const Lexicon& lexicon,
                                                               std::size_t n,
                                                               const std::uint32_t* numbers) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[numbers[i - 1] % i]);
  const auto is_wrong = [&](std::size_t pair, std::size_t partner) {
    return lexicon.translates(lexicon.foreign.place[pair], lexicon.english.place[partner]);
  };
  std::vector<std::optional<std::size_t>> partners(n);
  for (std::size_t i = 0; i < n; ++i) {
    // What is wrong is exchanged with the next pair's with which nothing is.
    for (std::size_t step = 1; step < n && is_wrong(i, order[i]); ++step) {
      const std::size_t other = (i + step) % n;
      if (!is_wrong(i, order[other]) && !is_wrong(other, order[i]))
        std::swap(order[i], order[other]);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (!is_wrong(i, order[i])) partners[i] = order[i];
  }
  return partners;
}

// What is measured of the pairs whose words all have vectors, which are the first ones.
class AlignmentMeasures {
 public:
  // stream: of the random pairs.
  AlignmentMeasures(const DecodeCall& call, const Lexicon& lexicon, const std::string& stream)
      : lexicon_(&lexicon),
        n_foreign_(static_cast<std::size_t>(call.count(kForeign))),
        n_english_(static_cast<std::size_t>(call.count(kEnglish))) {
    for (std::size_t i = 0; i < lexicon.pairs(); ++i) {
      if (lexicon.foreign.place[i] >= n_foreign_ || lexicon.english.place[i] >= n_english_) break;
      foreign_.push_back(static_cast<std::int64_t>(lexicon.foreign.place[i]));
      english_.push_back(static_cast<std::int64_t>(lexicon.english.place[i]));
    }
    to_english_ = find(call, kForeign, kEnglish, foreign_, english_);
    from_english_ = find(call, kEnglish, kForeign, english_, foreign_);
    measure_random_pairs(call, stream);
    measure_isotropy(call);
  }

  std::size_t pairs() const noexcept { return foreign_.size(); }

  // The prediction of a pair: all that it is scored by.
  std::string text(std::size_t pair) const {
    JsonWriter json;
    json.open('{').key("to_english");
    write(json, to_english_, pair, lexicon_->english.words, foreign_);
    json.key("from_english");
    write(json, from_english_, pair, lexicon_->foreign.words, english_);
    json.key("cosine").literal(number_text(to_english_.own.cosine[pair]));
    json.key("random_cosine");
    json.literal(random_place_[pair] ? number_text(random_.cosine[*random_place_[pair]]) : "null");
    json.key("isotropy").literal(number_text(isotropy_[pair]));
    return json.close('}').text();
  }

 private:
  static constexpr std::uint32_t kNeighbourhood = 10;  // of CSLS, as in its paper

  struct Direction {
    Neighbours by_cosine{};
    Neighbours by_csls{};
    Ranks own{};
  };

  static Direction find(const DecodeCall& call, std::int64_t from, std::int64_t to,
                        const std::vector<std::int64_t>& rows,
                        const std::vector<std::int64_t>& targets) {
    return {call.neighbours(from, to, 1), call.csls(from, to, kNeighbourhood, 1),
            call.ranks(from, to, rows, targets)};
  }

  void measure_random_pairs(const DecodeCall& call, const std::string& stream) {
    const auto partners = random_partners(*lexicon_, pairs(), call.random(stream, pairs()));
    std::vector<std::int64_t> rows;
    std::vector<std::int64_t> targets;
    for (std::size_t i = 0; i < pairs(); ++i) {
      random_place_.emplace_back();
      if (!partners[i]) continue;
      random_place_.back() = rows.size();
      rows.push_back(foreign_[i]);
      targets.push_back(english_[*partners[i]]);
    }
    random_ = call.ranks(kForeign, kEnglish, rows, targets);
  }

  // The mean cosine of each word of a pair with every other word of both sides.
  void measure_isotropy(const DecodeCall& call) {
    const float* const within[] = {call.mean_cosines(kForeign, kForeign),
                                   call.mean_cosines(kEnglish, kEnglish)};
    const float* const across[] = {call.mean_cosines(kForeign, kEnglish),
                                   call.mean_cosines(kEnglish, kForeign)};
    const auto of_word = [&](std::int64_t side, std::int64_t word) {
      const double sizes[] = {static_cast<double>(n_foreign_), static_cast<double>(n_english_)};
      const double sum = static_cast<double>(within[side][word]) * sizes[side] - 1 +
                         static_cast<double>(across[side][word]) * sizes[1 - side];
      return sum / (sizes[0] + sizes[1] - 1);
    };
    for (std::size_t i = 0; i < pairs(); ++i) {
      isotropy_.push_back(static_cast<float>(
          (of_word(kForeign, foreign_[i]) + of_word(kEnglish, english_[i])) / 2));
    }
  }

  static void write(JsonWriter& json, const Direction& found, std::size_t pair,
                    const std::vector<std::string_view>& words,
                    const std::vector<std::int64_t>& rows) {
    const auto word = [&](const Neighbours& nearest) {
      return words[static_cast<std::size_t>(nearest.index[rows[pair]])];
    };
    json.open('{').key("nearest").value(word(found.by_cosine));
    json.key("csls").value(word(found.by_csls));
    json.key("rank").literal(std::to_string(found.own.rank[pair])).close('}');
  }

  const Lexicon* lexicon_;
  std::size_t n_foreign_;
  std::size_t n_english_;
  std::vector<std::int64_t> foreign_;  // of each pair: its words' vectors
  std::vector<std::int64_t> english_;
  Direction to_english_;
  Direction from_english_;
  std::vector<std::optional<std::size_t>> random_place_;  // of each pair, in random_
  Ranks random_{};
  std::vector<float> isotropy_;
};

// An example is a pair; its id is the number of its line. It emits one feature, of two choices, the
// foreign word and the English one. A word's vector is kept once on its side, where it comes first,
// so that no word is its own neighbour or counts twice.
class WordAlignmentDataset : public Dataset {
 public:
  WordAlignmentDataset(Lexicon lexicon, const OpenCall& call)
      : lexicon_(std::move(lexicon)),
        stream_("random pairs/" + std::string(call.split()) + "/" + std::string(call.language())) {
    for (const std::size_t line : lexicon_.lines) ids_.push_back(std::to_string(line));
  }

  std::uint64_t size() const override { return ids_.size(); }
  Example example(std::uint64_t index) const override { return {ids_.at(index), {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const auto pair = static_cast<std::size_t>(index);
    const std::size_t f = lexicon_.foreign.place.at(pair);
    const std::size_t e = lexicon_.english.place.at(pair);
    auto ids = pieces(call, lexicon_.foreign.words[f]);
    auto english_ids = pieces(call, lexicon_.english.words[e]);
    const std::size_t width = std::max(ids.size(), english_ids.size());
    ids.resize(width, kEndOfRow);
    english_ids.resize(width, kEndOfRow);
    ids.insert(ids.end(), english_ids.begin(), english_ids.end());
    const std::vector<std::int64_t> side{lexicon_.foreign.first[f] == pair ? kForeign : kNotKept,
                                         lexicon_.english.first[e] == pair ? kEnglish : kNotKept};
    std::vector<std::int64_t> translations;
    for (const std::size_t word : lexicon_.foreign.translations[f])
      translations.push_back(word_number(lexicon_.english.words[word]));
    translations.resize(kMostTranslations, kNoWord);
    const std::int64_t english = word_number(lexicon_.english.words[e]);
    call.emit({Field(ids, 2), Field(side), Field::scalar(english), Field(translations)});
  }

  std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<MeasuringDecoder>(lexicon_, stream_);
  }

  // As family() names them. What is nearest is right if any pair of the file says so.
  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    try {
      return statistics(static_cast<std::size_t>(index), parse_json(prediction));
    } catch (const std::exception& error) {
      throw Failure(SOJOURN_INVALID, "the prediction of pair " + ids_.at(index) +
                                         " isn't what this task writes: " + error.what());
    }
  }

 private:
  static constexpr std::int64_t kNotKept = -1;
  static constexpr std::int64_t kNoWord = -1;

  class MeasuringDecoder : public Decoder {
   public:
    MeasuringDecoder(const Lexicon& lexicon, const std::string& stream)
        : lexicon_(&lexicon), stream_(&stream) {}

    void add(std::uint64_t /*example*/, const Arrays& /*arrays*/) override {}
    void finish(const DecodeCall& call) override {
      const AlignmentMeasures measures(call, *lexicon_, *stream_);
      for (std::size_t i = 0; i < measures.pairs(); ++i) call.predict(i, measures.text(i));
    }

   private:
    const Lexicon* lexicon_;
    const std::string* stream_;
  };

  static std::vector<std::int64_t> pieces(const FeatureCall& call, std::string_view word) {
    const auto encoding = call.encode(word);
    return {encoding.ids, encoding.ids + encoding.n};
  }

  static double cosine(const nlohmann::json& value) {
    constexpr double kRounding = 1e-3;
    const double number = value.get<double>();
    if (!(number >= -1 - kRounding && number <= 1 + kRounding))
      throw std::out_of_range("a cosine is " + value.dump());
    return number;
  }

  static double reciprocal(const nlohmann::json& rank) {
    const auto number = rank.get<std::int64_t>();
    if (number < 1) throw std::out_of_range("a rank is " + rank.dump());
    return 1.0 / static_cast<double>(number);
  }

  // Whether the word that `found` names is one of `known`, places among `words`.
  static double is_right(const nlohmann::json& found, const std::vector<std::string_view>& words,
                         const std::vector<std::size_t>& known) {
    const auto& word = found.get_ref<const std::string&>();
    return std::any_of(known.begin(), known.end(), [&](std::size_t k) { return words[k] == word; })
               ? 1.0
               : 0.0;
  }

  std::vector<double> statistics(std::size_t pair, const nlohmann::json& found) const {
    const auto& english_words = lexicon_.foreign.translations[lexicon_.foreign.place.at(pair)];
    const auto& foreign_words = lexicon_.english.translations[lexicon_.english.place.at(pair)];
    const auto& to = found.at("to_english");
    const auto& from = found.at("from_english");
    const double own = cosine(found.at("cosine"));
    const bool compared = !found.at("random_cosine").is_null();
    const double random = compared ? cosine(found.at("random_cosine")) : 0;
    const double difference = compared ? own - random : 0;
    return {1,
            own,
            compared ? 1.0 : 0.0,
            random,
            difference,
            difference * difference,
            is_right(to.at("nearest"), lexicon_.english.words, english_words),
            is_right(from.at("nearest"), lexicon_.foreign.words, foreign_words),
            is_right(to.at("csls"), lexicon_.english.words, english_words),
            is_right(from.at("csls"), lexicon_.foreign.words, foreign_words),
            reciprocal(to.at("rank")),
            reciprocal(from.at("rank")),
            cosine(found.at("isotropy"))};
  }

  Lexicon lexicon_;
  std::string stream_;
  std::vector<std::string> ids_;
};

// A task of this family. `Task` has two static members:
//   Description description();
//   Lexicon read(const OpenCall& call);   // throws DataError
template <class Task>
struct WordAlignment {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec;
    spec.family = "word_alignment";
    spec.kind = "word alignment";
    spec.fields = {{"input_ids", {"C", "T"}, 0},
                   {"side", {"C"}, -1},
                   {"english", {}, -100},
                   {"translations", {std::to_string(kMostTranslations)}, -1}};
    spec.loss_items = "english";
    spec.batch_negatives = true;
    spec.search_side = "side";
    spec.search_vector = "inner_mean";
    spec.options = {{"layer", -1, "", {}, /*integer=*/true, {}, {}, {}},
                    {"loss", 0, "triplet", {"triplet", "infonce"}, false, {}, {}, {}},
                    {"margin", 0.2, "", {}, false, 0.0, {}, 2.0},
                    {"temperature", 0.05, "", {}, false, 0.0, {}, {}}};
    spec.inputs = {"inner_mean:$layer", "english", "translations"};
    spec.ops = {
        "core1::select", "core1::normalize",   "core1::linear",      "core1::any_equal",
        "core1::arange", "core1::add",         "core1::sub",         "core1::mul",
        "core1::gather", "core1::multinomial", "core1::gather_rows", "core1::relu",
        "core1::sum",    "core1::masked_fill", "core1::transpose",   "core1::cross_entropy"};
    add_metrics(spec);
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<WordAlignmentDataset>(Task::read(call), call);
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<WordAlignmentHead>(call);
  }

 private:
  static void add_metrics(FamilySpec& spec) {
    spec.statistics = {"pairs",
                       "cosine",
                       "compared",
                       "random_cosine",
                       "difference",
                       "difference_squared",
                       "right_to_english",
                       "right_from_english",
                       "csls_right_to_english",
                       "csls_right_from_english",
                       "reciprocal_to_english",
                       "reciprocal_from_english",
                       "isotropy"};
    const auto ratio = [&](const char* name, const char* of, const char* over = "pairs") {
      spec.metrics.push_back({name, "lexalign-1", {of, over}});
    };
    spec.metrics.clear();
    ratio("csls_to_english", "csls_right_to_english");
    ratio("csls_from_english", "csls_right_from_english");
    ratio("accuracy_to_english", "right_to_english");
    ratio("accuracy_from_english", "right_from_english");
    ratio("mrr_to_english", "reciprocal_to_english");
    ratio("mrr_from_english", "reciprocal_from_english");
    ratio("cosine", "cosine");
    ratio("random_cosine", "random_cosine", "compared");
    ratio("difference", "difference", "compared");
    spec.metrics.push_back({"difference_margin",
                            "lexalign-1",
                            {"difference", "difference_squared", "compared"},
                            "margin"});
    ratio("isotropy", "isotropy");
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
