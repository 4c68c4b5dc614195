// The family of tasks that answer a question by a span of its context.
#pragma once

#include <sojourn/answer_spans.h>
#include <sojourn/answers.h>
#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/manifest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Bytes [begin, end) of a text.
struct ByteRange {
  std::size_t begin, end;
};

struct Question {
  std::string id;        // unique in its split; equal across translations
  std::string document;  // that its context is from
  std::string text;
  std::shared_ptr<const std::string> context;
  // As written in the file. Empty: the context has no answer. Nothing: the file doesn't say.
  std::optional<std::vector<std::string>> gold;
  std::optional<ByteRange> answer;  // the first gold answer that is in the context
};

// How predictions are scored: the rules of a task's own script. `kNoAnswer`: "" may be right.
struct SquadRules {
  static constexpr const char* kProfile = "squad-1.1";
  static constexpr bool kNoAnswer = false;
  static AnswerScore score(std::string_view answer, const std::vector<std::string>& gold,
                           std::string_view /*language*/) {
    return best_score(answer, gold, squad_words);
  }
};
struct SquadV2Rules {
  static constexpr const char* kProfile = "squad-2.0";
  static constexpr bool kNoAnswer = true;
  static AnswerScore score(std::string_view answer, const std::vector<std::string>& gold,
                           std::string_view /*language*/) {
    return squad_v2_score(answer, gold);
  }
};
struct MlqaRules {
  static constexpr const char* kProfile = "mlqa-1";
  static constexpr bool kNoAnswer = false;
  static AnswerScore score(std::string_view answer, const std::vector<std::string>& gold,
                           std::string_view language) {
    return best_score(answer, gold,
                      [&](std::string_view text) { return mlqa_words(text, language); });
  }
};

// The windows of a question: the question in front, cut to 64 pieces or to half of what a window
// has room for, whichever is less; behind it a part of the context. Parts overlap by 128 pieces, or
// by half of what the question leaves room for, whichever is less. At the usual 384 pieces a window
// it is 64 and 128, at 128 pieces it is 62 and 31 to 61.
class SpanWindows {
 public:
  SpanWindows(const FeatureCall& call, const Question& question, std::int64_t max_tokens)
      : call_(&call) {
    const auto room = static_cast<std::size_t>(max_tokens) - call.encode("", "").n;
    std::string_view text = question.text;
    std::size_t pieces = cut(text, std::min<std::size_t>(64, room / 2));
    const auto stride = std::min<std::size_t>(128, (room - pieces) / 2);
    count_ = call.encode_windows(text, *question.context, static_cast<std::uint32_t>(stride));
  }

  std::uint64_t count() const { return count_; }
  sojourn_encoding operator[](std::uint64_t i) const { return call_->window(i); }

 private:
  // Cuts the end of a text until it has at most `most` pieces: how many it has.
  std::size_t cut(std::string_view& text, std::size_t most) const {
    for (std::size_t keep = most;; --keep) {  // a text that is cut may split in another way
      const auto encoding = call_->encode(text);
      std::vector<std::size_t> ends(1, 0);  // of the first 0, 1, 2 .. pieces
      for (std::uint64_t t = 0; t < encoding.n; ++t) {
        if (encoding.sequence[t] == 0) ends.push_back(static_cast<std::size_t>(encoding.end[t]));
      }
      if (ends.size() - 1 <= most) return ends.size() - 1;
      text = text.substr(0, ends[keep]);
    }
  }

  const FeatureCall* call_;
  std::uint64_t count_;
};

// The prediction of an example is its answer's text, bytes of the context; "" where there is none.
// Statistics: exact, f1 and total.
class SpanDataset : public Dataset {
 public:
  using Score = AnswerScore (*)(std::string_view answer, const std::vector<std::string>& gold,
                                std::string_view language);

  template <class Rules>
  SpanDataset(const OpenCall& call, std::vector<Question> questions, Rules /*rules*/)
      : questions_(std::move(questions)),
        language_(call.language()),
        max_tokens_(call.max_tokens()),
        score_(&Rules::score),
        no_answer_(Rules::kNoAnswer) {}

  std::uint64_t size() const override { return questions_.size(); }
  Example example(std::uint64_t index) const override {
    const Question& question = questions_.at(index);
    return {question.id, {}, question.document};
  }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const Question& question = questions_.at(index);
    const SpanWindows windows(call, question, max_tokens_);
    for (std::uint64_t w = 0; w < windows.count(); ++w) {
      const sojourn_encoding window = windows[w];
      std::vector<std::int64_t> begin(window.n, -1);
      std::vector<std::int64_t> end(window.n, -1);
      for (std::uint64_t t = 0; t < window.n; ++t) {
        if (window.sequence[t] != 1) continue;
        begin[t] = window.begin[t];
        end[t] = window.end[t];
      }
      const auto answer = answer_pieces(question, window, w == 0, w + 1 == windows.count());
      call.emit({Field(window.ids, window.n), Field(begin), Field(end), Field(answer)});
    }
  }

  std::unique_ptr<Decoder> decoder() const override { return std::make_unique<SpanDecoder>(*this); }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    const auto& gold = questions_.at(index).gold;
    if (!gold) throw NoGold();
    const AnswerScore found = score_(prediction, *gold, language_);
    return {found.exact, found.f1, 1};
  }

 private:
  static constexpr std::int64_t kUnknown = -100;

  // The places of the first and the last piece of the answer: those whose bytes it shares. Where
  // the window doesn't hold all of it both are 0, the token in front of everything. first, last:
  // whether this is the first or the last window, beyond which there is no further piece.
  static std::vector<std::int64_t> answer_pieces(const Question& question,
                                                 const sojourn_encoding& window, bool first,
                                                 bool last) {
    if (!question.answer) {
      const bool none = question.gold && question.gold->empty();
      return std::vector<std::int64_t>(2, none ? 0 : kUnknown);
    }
    const auto from = static_cast<std::int64_t>(question.answer->begin);
    const auto to = static_cast<std::int64_t>(question.answer->end);
    std::vector<std::int64_t> places(2, 0);
    bool whole_start = first;
    bool whole_end = last;
    for (std::uint64_t t = 0; t < window.n; ++t) {
      if (window.sequence[t] != 1) continue;
      whole_start = whole_start || window.begin[t] <= from;
      whole_end = whole_end || window.end[t] >= to;
      if (window.end[t] <= from || window.begin[t] >= to) continue;
      places[1] = static_cast<std::int64_t>(t);
      if (places[0] == 0) places[0] = places[1];
    }
    if (!whole_start || !whole_end) return {0, 0};
    return places;
  }

  class SpanDecoder : public Decoder {
   public:
    explicit SpanDecoder(const SpanDataset& data) : data_(&data) {}

    void add(std::uint64_t example, const Arrays& arrays) override {
      const auto pieces = static_cast<std::size_t>(arrays["input_ids"].shape[0]);
      const float* start = arrays.floats("logits");  // [2, T]
      const float* end = start + pieces;
      Found& found = found_[example];
      found.none = std::min(found.none, static_cast<double>(start[0]) + end[0]);
      const auto span =
          best_span({pieces, start, end, arrays.integers("begin"), arrays.integers("end")});
      if (span && (!found.span || span->score > found.span->score)) found.span = span;
    }

    std::string tune(const TuneCall& /*call*/) override {
      std::vector<AnswerOrNone> questions;
      for (const auto& [example, found] : found_) {
        const auto& gold = data_->questions_[example].gold;
        if (!gold) continue;
        const auto f1 = [&](std::string_view text) {
          return data_->score_(text, *gold, data_->language_).f1;
        };
        questions.push_back({margin(found), f1(text(example, found)), f1("")});
      }
      return questions.empty() ? "" : number_text(best_threshold(std::move(questions)));
    }

    void finish(const DecodeCall& call) override {
      const double threshold = call.tuned().empty() ? 0 : call.tuned_number();
      for (const auto& [example, found] : found_) {
        const bool none = data_->no_answer_ && margin(found) > threshold;
        call.predict(example, none ? "" : text(example, found));
      }
    }

   private:
    // Of all windows of a question.
    struct Found {
      double none = std::numeric_limits<double>::infinity();  // the lowest score of no answer
      std::optional<AnswerSpan> span;                         // the best, of equals the first
    };

    static double margin(const Found& found) {
      return found.span ? found.none - found.span->score : std::numeric_limits<double>::infinity();
    }
    std::string_view text(std::uint64_t example, const Found& found) const {
      if (!found.span) return "";
      const auto from = static_cast<std::size_t>(found.span->first_byte);
      const auto to = static_cast<std::size_t>(found.span->last_byte);
      return std::string_view(*data_->questions_[example].context).substr(from, to - from);
    }

    const SpanDataset* data_;
    std::map<std::uint64_t, Found> found_;
  };

  std::vector<Question> questions_;
  std::string language_;
  std::int64_t max_tokens_;
  Score score_;
  bool no_answer_;
};

// How well an answer starts and ends at each piece: hidden [B, T, H] -> logits [B, 2, T], by a
// linear layer without dropout, as transformers' XLMRobertaForQuestionAnswering. Padding has minus
// infinity, so that it is out of the softmax over the pieces whatever a batch is made of.
//
// The loss sums the cross-entropies of start and end. As both count as items, what the host makes
// of it is the mean over windows of their mean.
class SpanHead : public Head {
 public:
  explicit SpanHead(const HeadCall& call)
      : linear_(call.bind("core1::linear(input,weight,bias)")),
        mask_(call.bind("core1::mask(input,mask)")),
        transpose_(call.bind("core1::transpose(input,dim0,dim1)")),
        cross_entropy_(call.bind("core1::cross_entropy(input,target)")),
        weight_(call.parameter("out.weight", {2, call.hidden_size()}, "normal(0.02)")),
        bias_(call.parameter("out.bias", {2}, "zeros")) {}

  std::vector<Tensor> forward(const StepCall& call, const Inputs& inputs) override {
    const Tensor scores = call(linear_, {inputs[0], weight_, bias_});
    return {call(transpose_, {call(mask_, {scores, inputs[1]}), 1, 2})};
  }

  Tensor loss(const StepCall& call, const Inputs& inputs,
              const std::vector<Tensor>& outputs) override {
    return call(cross_entropy_, {outputs[0], inputs[2]});
  }

 private:
  Op linear_, mask_, transpose_, cross_entropy_;
  Tensor weight_, bias_;
};

// A task of this family, scored by the `Rules` above. `Task` has two static members:
//   Description description();                           // no labels
//   std::vector<Question> read(const OpenCall& call);    // throws DataError
template <class Task, class Rules>
struct SpanExtraction {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = Rules::kNoAnswer;
  static Description description() { return Task::description(); }
  static FamilySpec family() {
    FamilySpec spec;
    spec.family = "span_extraction";
    spec.kind = "span extraction";
    spec.fields = {
        {"input_ids", {"T"}, 0}, {"begin", {"T"}, -1}, {"end", {"T"}, -1}, {"answer", {"2"}, 0}};
    spec.loss_items = "answer";
    spec.inputs = {"hidden", "attention_mask", "answer"};
    spec.outputs = {{"logits", {"2", "T"}}};
    spec.ops = {"core1::linear", "core1::mask", "core1::transpose", "core1::cross_entropy"};
    spec.predictions = "answers";
    spec.statistics = {"exact", "f1", "total"};
    spec.metrics = {{"f1", Rules::kProfile, {"f1", "total"}},
                    {"exact_match", Rules::kProfile, {"exact", "total"}}};
    return spec;
  }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    return std::make_unique<SpanDataset>(call, Task::read(call), Rules());
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<SpanHead>(call);
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
