// Chunks: runs of words under one tag, such as names, and how two versions of seqeval read them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Where a tag's type begins is where the two differ:
//
//   kXtreme2020  seqeval 0.0.12, which XTREME's own figures come from: the type follows the last
//                "-"; a tag without one is its own type
//   kSeqeval1    seqeval 1.2.2, default mode: the first character is the prefix and the rest,
//                without a leading "-", the type. So CCONJ and SCONJ are chunks of one type, CONJ
//
// Both take the first character of any tag for a prefix of BIO or IOBES, also in a tag that has
// none, such as ADJ.
enum class ChunkProfile { kXtreme2020, kSeqeval1 };

struct Chunk {
  std::string_view type;
  std::size_t begin = 0;  // first word
  std::size_t end = 0;    // last word

  friend bool operator==(const Chunk& a, const Chunk& b) {
    return std::tie(a.begin, a.end, a.type) == std::tie(b.begin, b.end, b.type);
  }
};

namespace chunk_rules {

// A tag's prefix and type. The end of a sentence is the tag "O".
struct Tag {
  char prefix;
  std::string_view type;

  Tag(std::string_view tag, ChunkProfile profile)
      : prefix(tag.empty() ? '\0' : tag.front()), type(type_of(tag, profile)) {}

  bool is(std::string_view prefixes) const {
    return prefixes.find(prefix) != std::string_view::npos;
  }

 private:
  static std::string_view type_of(std::string_view tag, ChunkProfile profile) {
    if (profile == ChunkProfile::kXtreme2020) return tag.substr(tag.rfind('-') + 1);
    const std::string_view rest = tag.substr(std::min<std::size_t>(1, tag.size()));
    const std::string_view type = rest.substr(rest.find('-') + 1);
    return type.empty() ? std::string_view("_") : type;
  }
};

inline bool type_changes(const Tag& before, const Tag& after, const Tag& outside) {
  return !outside.is("O.") && before.type != after.type;
}

inline bool ends_between(const Tag& before, const Tag& after) {
  return before.is("ES") || (before.is("BI") && after.is("BSO")) ||
         type_changes(before, after, before);
}

inline bool starts_between(const Tag& before, const Tag& after) {
  return after.is("BS") || (before.is("ESO") && after.is("EI")) ||
         type_changes(before, after, after);
}

}  // namespace chunk_rules

// The chunks of one sentence, as seqeval's get_entities gives them for it. (Given many sentences at
// once it lets a chunk that ends without having begun take its beginning from an earlier sentence;
// here that is the first word of its own.)
inline std::vector<Chunk> chunks_of(const std::vector<std::string_view>& tags,
                                    ChunkProfile profile) {
  using namespace chunk_rules;
  std::vector<Chunk> chunks;
  Tag before("O", ChunkProfile::kXtreme2020);
  before.type = {};  // no tag has the type of what comes before a sentence
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= tags.size(); ++i) {
    const Tag tag(i < tags.size() ? tags[i] : "O", profile);
    if (ends_between(before, tag)) chunks.push_back({before.type, begin, i - 1});
    if (starts_between(before, tag)) begin = i;
    before = tag;
  }
  return chunks;
}

struct ChunkCounts {
  std::size_t correct = 0, predicted = 0, gold = 0;
};

// Chunks of equal type and place. Both sentences have the same number of words.
inline ChunkCounts count_chunks(const std::vector<std::string_view>& predicted,
                                const std::vector<std::string_view>& gold, ChunkProfile profile) {
  const auto found = chunks_of(predicted, profile);
  const auto expected = chunks_of(gold, profile);
  ChunkCounts counts{0, found.size(), expected.size()};
  for (const auto& chunk : found) {
    counts.correct += static_cast<std::size_t>(std::count(expected.begin(), expected.end(), chunk));
  }
  return counts;
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
