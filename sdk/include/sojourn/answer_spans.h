// From the scores of pieces to the span of text that answers a question, or to none.
#pragma once

#include <sojourn/dataset.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// What the head says of one window: for each of its pieces, how well an answer begins and ends
// there, and the bytes of the context that it stands for (-1 for pieces of the question and special
// tokens).
struct SpanWindow {
  std::size_t pieces;
  const float* start;
  const float* end;
  const std::int64_t* first_byte;
  const std::int64_t* last_byte;  // one past it
};

struct AnswerSpan {
  double score;  // of its start and its end, added
  std::int64_t first_byte, last_byte;
};

// The places of the n highest of `size` numbers, in rising order; of equals the earlier ones.
inline std::vector<std::size_t> places_of_highest(const float* values, std::size_t size,
                                                  std::size_t n) {
  argmax(values, size);  // throws where one isn't a number
  std::vector<std::size_t> places(size);
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto kept = places.begin() + static_cast<std::ptrdiff_t>(std::min(n, size));
  std::partial_sort(places.begin(), kept, places.end(), [&](std::size_t a, std::size_t b) {
    return values[a] != values[b] ? values[a] > values[b] : a < b;
  });
  places.erase(kept, places.end());
  std::sort(places.begin(), places.end());
  return places;
}

// The span of a window with the highest score, of equals the one that starts, then ends first;
// nothing where no span is one. Tried are the 20 highest starts with the 20 highest ends, which
// must be pieces of the context, in order, and at most 30; as transformers' question answering
// examples do (postprocess_qa_predictions). A span of pieces that stand for no text isn't one.
inline std::optional<AnswerSpan> best_span(const SpanWindow& window) {
  constexpr std::size_t kBest = 20;
  constexpr std::size_t kLongest = 30;
  const auto starts = places_of_highest(window.start, window.pieces, kBest);
  const auto ends = places_of_highest(window.end, window.pieces, kBest);
  std::optional<AnswerSpan> best;
  for (const std::size_t s : starts) {
    for (const std::size_t e : ends) {
      const bool in_order = s <= e && e - s < kLongest;
      if (!in_order || window.first_byte[s] < 0 || window.last_byte[e] <= window.first_byte[s])
        continue;
      const double score = static_cast<double>(window.start[s]) + window.end[e];
      if (!best || score > best->score)
        best = AnswerSpan{score, window.first_byte[s], window.last_byte[e]};
    }
  }
  return best;
}

// A question whose answer may be that there is none: by how much none is scored above the best
// span, and the F1 of either prediction.
struct AnswerOrNone {
  double margin;
  double answer_f1, none_f1;
};

// The threshold with the highest sum of F1 where no answer is predicted for margins above it: minus
// infinity, or the margin of a question; of equals the lowest. The rule of SQuAD v2's own script,
// but questions of one margin are taken together, since no threshold parts them.
inline double best_threshold(std::vector<AnswerOrNone> questions) {
  std::stable_sort(questions.begin(), questions.end(),
                   [](const auto& a, const auto& b) { return a.margin < b.margin; });
  double sum = 0;
  for (const auto& question : questions) sum += question.none_f1;
  double best = sum;
  double threshold = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    sum += questions[i].answer_f1 - questions[i].none_f1;
    const bool last_of_margin =
        i + 1 == questions.size() || questions[i + 1].margin > questions[i].margin;
    if (last_of_margin && sum > best) {
      best = sum;
      threshold = questions[i].margin;
    }
  }
  return threshold;
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
