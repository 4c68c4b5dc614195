// Texts of training sets among those of dev and test sets, and of dev sets among those of test
// sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/text/recording_tokenizer.h"

namespace sojourn {

// Shorter ones ("Yes, he did.") are equal by chance.
inline constexpr std::int64_t kShortestOverlap = 20;  // characters of the normal form

// What of the texts of one role in a scored set (dev or test) another set has too, in whatever
// role: the source, a training set, or a dev set where the scored one is a test set. Sets are
// numbers that the caller gave.
struct Overlap {
  std::size_t source = 0;
  std::size_t scored = 0;
  TextRole role = TextRole::kSingle;  // in the scored set
  std::int64_t found = 0;             // distinct texts
  std::int64_t of = 0;                // that the scored set has, shorter ones left out
  std::string source_example;         // the ids of two examples that share one of them
  std::string scored_example;
};

// Keeps hashes and ids only. First all scored sets, then all training sets.
class OverlapFinder {
 public:
  enum class Kind : std::uint8_t { kDev, kTest };
  void add_scored(std::size_t set, Kind kind, const std::string& id, const NotedExample& example);
  void end_scored();
  // `id` is asked for only where it is needed.
  void look_up(std::size_t set, const NotedExample& example,
               const std::function<std::string()>& id);
  // By source, scored set and role.
  std::vector<Overlap> overlaps() const;

 private:
  struct ScoredText {
    TextHash hash;
    std::size_t set;
    TextRole role;
    Kind kind;
    std::size_t id;  // index into ids_; of equal texts of a set and role, the first is kept
    auto operator<=>(const ScoredText&) const = default;
  };
  struct Hits {
    std::unordered_set<std::size_t> texts;  // indices into texts_
    std::string source_example;
    std::string scored_example;
  };

  // The places [first, last) of the texts with this hash.
  std::pair<std::size_t, std::size_t> equal_texts(const TextHash& hash) const;
  void add_hit(std::size_t source, std::size_t text, const std::function<std::string()>& id);

  std::vector<std::string> ids_;
  std::vector<ScoredText> texts_;  // sorted by end_scored
  std::map<std::pair<std::size_t, TextRole>, std::int64_t> totals_;
  std::map<std::tuple<std::size_t, std::size_t, TextRole>, Hits> hits_;
};

}  // namespace sojourn
