#include <sojourn/answer_spans.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// A window whose piece i stands for bytes [10 i, 10 i + 5), but for the first `question` ones.
class Window {
 public:
  Window(std::vector<float> start, std::vector<float> end, std::size_t question = 1)
      : start_(std::move(start)), end_(std::move(end)) {
    for (std::size_t i = 0; i < start_.size(); ++i) {
      first_.push_back(i < question ? -1 : static_cast<std::int64_t>(10 * i));
      last_.push_back(i < question ? -1 : static_cast<std::int64_t>(10 * i + 5));
    }
  }
  // {place of the first piece, place of the last}, or nothing.
  std::vector<std::int64_t> best() const {
    const auto span =
        sdk::best_span({start_.size(), start_.data(), end_.data(), first_.data(), last_.data()});
    if (!span) return {};
    return {span->first_byte / 10, span->last_byte / 10};
  }

 private:
  std::vector<float> start_, end_;
  std::vector<std::int64_t> first_, last_;
};

TEST_CASE("The best span has the highest sum, in order and inside the context", "[sdk][spans]") {
  using Places = std::vector<std::int64_t>;
  CHECK(Window({9, 1, 5, 0}, {9, 0, 1, 3}).best() == Places{2, 3});
  CHECK(Window({0, 0, 9, 2}, {0, 9, 0, 1}).best() == Places{2, 3});  // 1 would end before 2 starts
  CHECK(Window({9, 9, 1, 0}, {9, 9, 0, 2}, 2).best() == Places{2, 3});
  CHECK(Window({9, 9}, {9, 9}, 2).best().empty());
}

TEST_CASE("Of spans with one score the one that starts first, then ends first, is the best",
          "[sdk][spans]") {
  CHECK(Window({0, 1, 1, 1}, {0, 1, 1, 1}).best() == std::vector<std::int64_t>{1, 1});
  CHECK(Window({0, 1, 2, 2}, {0, 0, 3, 3}).best() == std::vector<std::int64_t>{2, 2});
}

TEST_CASE("A span has at most 30 pieces", "[sdk][spans]") {
  std::vector<float> start(40, 0);
  std::vector<float> end(40, 0);
  start[3] = 5;
  end[33] = 5;  // the 31st piece
  end[20] = 1;
  CHECK(Window(start, end).best() == std::vector<std::int64_t>{3, 20});
  end[32] = 4;
  CHECK(Window(start, end).best() == std::vector<std::int64_t>{3, 32});
}

TEST_CASE("Only the 20 highest starts and ends are tried", "[sdk][spans]") {
  std::vector<float> start(30, 0);
  std::vector<float> end(30, 0);
  std::fill(start.begin(), start.begin() + 20, 9.F);  // the question's
  start[20] = 8;
  end[20] = 1;
  CHECK(Window(start, end, 20).best().empty());
  start[3] = 0;
  CHECK(Window(start, end, 20).best() == std::vector<std::int64_t>{20, 20});
  std::fill(end.begin(), end.begin() + 20, 2.F);
  CHECK(Window(start, end, 20).best().empty());
}

TEST_CASE("Of equal starts the earlier ones are tried", "[sdk][spans]") {
  const std::vector<float> start(25, 0);
  std::vector<float> end(25, 0);
  end[24] = 5;
  CHECK(Window(start, end).best() == std::vector<std::int64_t>{1, 24});
}

TEST_CASE("A score that isn't a number is refused", "[sdk][spans]") {
  CHECK_THROWS_WITH(Window({0, std::nanf("")}, {0, 0}).best(), "an output is NaN");
  CHECK_THROWS_WITH(Window({0, 0}, {std::nanf(""), 0}).best(), "an output is NaN");
}

TEST_CASE("The threshold of no answer is the lowest with the highest F1", "[sdk][spans]") {
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  // {margin, F1 of the answer, F1 of none}
  CHECK(sdk::best_threshold({{-2, 1, 0}, {3, 0, 1}}) == -2);
  CHECK(sdk::best_threshold({{-2, 1, 0}, {1, 0, 0}, {3, 0, 1}}) == -2);
  CHECK(sdk::best_threshold({{3, 0, 1}, {5, 0.5, 0}, {4, 0.8, 0}}) == 5);
  CHECK(sdk::best_threshold({{-2, 0, 1}, {3, 1, 0}}) == kNever);  // as good as 3
  CHECK(sdk::best_threshold({{-2, 0, 1}, {-1, 0, 1}}) == kNever);
  // No threshold parts questions of one margin, in whatever order they come.
  CHECK(sdk::best_threshold({{1, 1, 0}, {1, 0, 1}, {1, 0, 1}}) == kNever);
  CHECK(sdk::best_threshold({{1, 0, 1}, {1, 1, 0}, {1, 1, 0}}) == 1);
}

}  // namespace
}  // namespace sojourn
