// A family of its own: a tag on each word, where neighbours have a say (a linear-chain conditional
// random field, Lafferty et al. 2001). Its likelihood is no chain of the host's operations, so it
// comes with a gradient of its own.
#pragma once

#include <sojourn/head.h>
#include <sojourn/token_tagging.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace crf {

namespace sdk = sojourn::sdk;

using Row = std::vector<double>;

// log(sum(exp(x)))
inline double log_sum(const Row& x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double value : x) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

// One sentence: emissions [n][tags], and transitions [tags][tags] from a tag to the next word's.
class Chain {
 public:
  Chain(std::vector<Row> emissions, const std::vector<Row>& transitions)
      : emissions_(std::move(emissions)), transitions_(transitions) {}

  // The score of a path of tags, one a word.
  double score(const std::vector<std::size_t>& path) const {
    double sum = 0;
    for (std::size_t i = 0; i < path.size(); ++i) {
      sum += emissions_[i][path[i]];
      if (i > 0) sum += transitions_[path[i - 1]][path[i]];
    }
    return sum;
  }

  // The logarithm of the sum over all paths, and its derivatives: the probability of each tag at
  // each word, added to `tags`, and of each pair of neighbours, added to `pairs`.
  double partition(std::vector<Row>& tags, std::vector<Row>& pairs) const {
    const auto before = sweep(/*backwards=*/false);
    const auto after = sweep(/*backwards=*/true);
    Row ends(width());
    for (std::size_t a = 0; a < width(); ++a) ends[a] = before.back()[a] + emissions_.back()[a];
    const double total = log_sum(ends);
    for (std::size_t i = 0; i < emissions_.size(); ++i) {
      for (std::size_t a = 0; a < width(); ++a) {
        const double to_here = before[i][a] + emissions_[i][a];
        tags[i][a] += std::exp(to_here + after[i][a] - total);
        if (i + 1 == emissions_.size()) continue;
        for (std::size_t b = 0; b < width(); ++b) {
          pairs[a][b] += std::exp(to_here + transitions_[a][b] + emissions_[i + 1][b] +
                                  after[i + 1][b] - total);
        }
      }
    }
    return total;
  }

  // The path with the highest score; of equals that with the lower tags at the end.
  std::vector<std::size_t> best_path() const {
    Row best = emissions_.front();
    std::vector<std::vector<std::size_t>> from;
    for (std::size_t i = 1; i < emissions_.size(); ++i) {
      Row next(width());
      from.emplace_back(width());
      for (std::size_t b = 0; b < width(); ++b) {
        std::size_t& a = from.back()[b];
        for (std::size_t other = 1; other < width(); ++other) {
          if (best[other] + transitions_[other][b] > best[a] + transitions_[a][b]) a = other;
        }
        next[b] = best[a] + transitions_[a][b] + emissions_[i][b];
      }
      best = std::move(next);
    }
    std::vector<std::size_t> path{
        static_cast<std::size_t>(std::max_element(best.begin(), best.end()) - best.begin())};
    for (auto step = from.rbegin(); step != from.rend(); ++step)
      path.push_back((*step)[path.back()]);
    std::reverse(path.begin(), path.end());
    return path;
  }

 private:
  std::size_t width() const { return transitions_.size(); }

  // Of each word and tag, the logarithm of the sum over all that comes before it, or after it.
  std::vector<Row> sweep(bool backwards) const {
    const std::size_t n = emissions_.size();
    std::vector<Row> sums(n, Row(width(), 0));
    for (std::size_t step = 1; step < n; ++step) {
      const std::size_t i = backwards ? n - 1 - step : step;
      const std::size_t neighbour = backwards ? i + 1 : i - 1;
      for (std::size_t a = 0; a < width(); ++a) {
        Row paths(width());
        for (std::size_t b = 0; b < width(); ++b) {
          paths[b] = sums[neighbour][b] + emissions_[neighbour][b] +
                     (backwards ? transitions_[a][b] : transitions_[b][a]);
        }
        sums[i][a] = log_sum(paths);
      }
    }
    return sums;
  }

  std::vector<Row> emissions_;
  const std::vector<Row>& transitions_;
};

inline std::vector<Row> matrix(const float* numbers, std::size_t rows, std::size_t columns) {
  std::vector<Row> made;
  for (std::size_t i = 0; i < rows; ++i)
    made.emplace_back(numbers + i * columns, numbers + (i + 1) * columns);
  return made;
}

// emissions [B, T, tags], transitions [tags, tags], labels [B, T] -> the sum of -log p(labels).
// Positions with a negative label are no words: the chain passes over them.
class NegativeLogLikelihood : public sdk::Function {
 public:
  std::vector<sdk::Tensor> forward(const sdk::OpCall& call,
                                   const std::vector<sdk::Tensor>& inputs) override {
    const auto emissions = call.floats(inputs[0]);
    const auto labels = call.integers(inputs[2]);
    shape_ = emissions.shape;
    const auto length = static_cast<std::size_t>(shape_[1]);
    const auto tags = static_cast<std::size_t>(shape_[2]);
    const auto transitions = matrix(call.floats(inputs[1]).data, tags, tags);
    by_emissions_.assign(static_cast<std::size_t>(shape_[0]) * length * tags, 0);
    by_transitions_.assign(tags, Row(tags, 0));
    double loss = 0;
    for (std::size_t row = 0; row < static_cast<std::size_t>(shape_[0]); ++row) {
      loss += add_sentence(emissions.data + row * length * tags, labels.data + row * length,
                           row * length, length, transitions);
    }
    return {call.tensor(std::vector<float>{static_cast<float>(loss)}, {})};
  }

  std::vector<sdk::Tensor> backward(const sdk::OpCall& call,
                                    const std::vector<sdk::Tensor>& /*inputs*/,
                                    const std::vector<sdk::Tensor>& output_gradients) override {
    const float factor = *call.floats(output_gradients[0]).data;
    for (float& value : by_emissions_) value *= factor;
    std::vector<float> by_transitions;
    for (const Row& row : by_transitions_) {
      for (const double value : row) by_transitions.push_back(static_cast<float>(value) * factor);
    }
    const auto tags = shape_[2];
    return {call.tensor(by_emissions_, shape_), call.tensor(by_transitions, {tags, tags}), {}};
  }

 private:
  // Of one sentence: its loss; the gradients are added.
  double add_sentence(const float* emissions, const std::int64_t* labels, std::size_t first,
                      std::size_t length, const std::vector<Row>& transitions) {
    const std::size_t tags = transitions.size();
    std::vector<Row> words;
    std::vector<std::size_t> places;
    std::vector<std::size_t> path;
    for (std::size_t t = 0; t < length; ++t) {
      if (labels[t] < 0) continue;
      words.emplace_back(emissions + t * tags, emissions + (t + 1) * tags);
      places.push_back(first + t);
      path.push_back(static_cast<std::size_t>(labels[t]));
    }
    if (words.empty()) return 0;
    std::vector<Row> by_words(words.size(), Row(tags, 0));
    const Chain chain(std::move(words), transitions);
    const double loss = chain.partition(by_words, by_transitions_) - chain.score(path);
    for (std::size_t i = 0; i < path.size(); ++i) {
      by_words[i][path[i]] -= 1;
      if (i > 0) by_transitions_[path[i - 1]][path[i]] -= 1;
      for (std::size_t a = 0; a < tags; ++a)
        by_emissions_[places[i] * tags + a] = static_cast<float>(by_words[i][a]);
    }
    return loss;
  }

  std::vector<std::int64_t> shape_;
  std::vector<float> by_emissions_;
  std::vector<Row> by_transitions_;
};

// Dropout and linear on every token, and a matrix of transitions, which every feature of the batch
// gets a copy of: decoding needs it.
class CrfHead : public sdk::Head {
 public:
  explicit CrfHead(const sdk::HeadCall& call)
      : tags_(call.labels()),
        add_(call.bind("core1::add(input,other)")),
        out_(call, "out.weight", "out.bias", tags_, call.hidden_size()),
        transitions_(call.parameter("transitions", {tags_, tags_}, "normal(0.02)")) {}

  // hidden [B, T, H], labels [B, T] -> logits [B, T, tags], transitions [B, tags, tags]
  std::vector<sdk::Tensor> forward(const sdk::StepCall& call, const sdk::Inputs& inputs) override {
    const auto batch = call.integers(inputs[1]).shape[0];
    const std::vector<float> zeros(static_cast<std::size_t>(batch * tags_ * tags_), 0);
    return {out_(call, inputs[0]),
            call(add_, {call.tensor(zeros, {batch, tags_, tags_}), transitions_})};
  }

  sdk::Tensor loss(const sdk::StepCall& call, const sdk::Inputs& inputs,
                   const std::vector<sdk::Tensor>& outputs) override {
    return call.apply(std::make_unique<NegativeLogLikelihood>(),
                      {outputs[0], transitions_, inputs[1]}, 1)[0];
  }

 private:
  std::int64_t tags_;
  sdk::Op add_;
  sdk::LinearLayer out_;
  sdk::Tensor transitions_;
};

// The data of a token tagging task, decoded path by path.
class CrfDataset : public sdk::TaggingDataset {
 public:
  using TaggingDataset::TaggingDataset;

  std::unique_ptr<sdk::Decoder> decoder() const override {
    return std::make_unique<PathDecoder>(*this);
  }

 private:
  class PathDecoder : public TagDecoder {
   public:
    using TagDecoder::TagDecoder;

   protected:
    std::vector<std::size_t> choose(const sdk::Arrays& arrays,
                                    const std::vector<std::size_t>& pieces,
                                    std::size_t tags) const override {
      if (pieces.empty()) return {};
      const float* logits = arrays.floats("logits");
      std::vector<Row> words;
      for (const std::size_t t : pieces) {
        sdk::argmax(logits + t * tags, tags);  // throws where one isn't a number
        words.emplace_back(logits + t * tags, logits + (t + 1) * tags);
      }
      const auto transitions = matrix(arrays.floats("transitions"), tags, tags);
      return Chain(std::move(words), transitions).best_path();
    }
  };
};

// A task of this family. `Task` is what sdk::TokenTagging takes.
template <class Task>
struct CrfTagging {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static sdk::Description description() { return Task::description(); }
  static sdk::FamilySpec family() {
    sdk::FamilySpec spec = sdk::TokenTagging<Task>::family();
    spec.family = "crf_tagging";
    spec.kind = "tagging by a conditional random field";
    spec.outputs = {{"logits", {"T", "L"}}, {"transitions", {"L", "L"}}};
    spec.ops = {"core1::dropout", "core1::linear", "core1::add"};
    return spec;
  }
  static std::unique_ptr<sdk::Dataset> open(const sdk::OpenCall& call) {
    return std::make_unique<CrfDataset>(Task::read(call), call.labels(), /*chunks=*/false);
  }
  static std::unique_ptr<sdk::Head> create_head(const sdk::HeadCall& call) {
    return std::make_unique<CrfHead>(call);
  }
};

}  // namespace crf
#pragma GCC visibility pop
