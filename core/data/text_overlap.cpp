#include "core/data/text_overlap.h"

#include <algorithm>

namespace sojourn {

void OverlapFinder::add_scored(std::size_t set, Kind kind, const std::string& id,
                               const NotedExample& example) {
  ids_.push_back(id);
  for (const auto& text : example.texts) {
    if (text.characters >= kShortestOverlap)
      texts_.push_back({text.hash, set, text.role, kind, ids_.size() - 1});
  }
}

void OverlapFinder::end_scored() {
  std::sort(texts_.begin(), texts_.end());
  const auto same = [](const ScoredText& a, const ScoredText& b) {
    return a.hash == b.hash && a.set == b.set && a.role == b.role;
  };
  texts_.erase(std::unique(texts_.begin(), texts_.end(), same), texts_.end());
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    ++totals_[{texts_[i].set, texts_[i].role}];
    if (texts_[i].kind != Kind::kDev) continue;
    const auto [first, last] = equal_texts(texts_[i].hash);
    for (std::size_t k = first; k < last; ++k) {
      if (texts_[k].kind == Kind::kTest)
        add_hit(texts_[i].set, k, [&] { return ids_[texts_[i].id]; });
    }
  }
}

void OverlapFinder::look_up(std::size_t set, const NotedExample& example,
                            const std::function<std::string()>& id) {
  for (const auto& text : example.texts) {
    const auto [first, last] = equal_texts(text.hash);
    for (std::size_t k = first; k < last; ++k) add_hit(set, k, id);
  }
}

std::pair<std::size_t, std::size_t> OverlapFinder::equal_texts(const TextHash& hash) const {
  const auto found = std::ranges::equal_range(texts_, hash, std::less<>(), &ScoredText::hash);
  const auto place = [&](auto at) { return static_cast<std::size_t>(at - texts_.begin()); };
  return {place(found.begin()), place(found.end())};
}

void OverlapFinder::add_hit(std::size_t source, std::size_t text,
                            const std::function<std::string()>& id) {
  Hits& hits = hits_[{source, texts_[text].set, texts_[text].role}];
  if (hits.texts.empty()) {
    hits.source_example = id();
    hits.scored_example = ids_[texts_[text].id];
  }
  hits.texts.insert(text);
}

std::vector<Overlap> OverlapFinder::overlaps() const {
  std::vector<Overlap> list;
  for (const auto& [key, hits] : hits_) {
    const auto& [source, scored, role] = key;
    list.push_back({source, scored, role, static_cast<std::int64_t>(hits.texts.size()),
                    totals_.at({scored, role}), hits.source_example, hits.scored_example});
  }
  return list;
}

}  // namespace sojourn
