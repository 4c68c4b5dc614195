// What the families share that search among the encoder's own sentence vectors: foreign sentences
// on one side, English ones on the other.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/manifest.h>

#include <cstdint>
#include <string>
#include <string_view>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

constexpr std::int64_t kForeign = 0;
constexpr std::int64_t kEnglish = 1;

// kind: for people.
inline FamilySpec sentence_family(const std::string& kind) {
  FamilySpec spec;
  spec.kind = kind;
  spec.fields = {{"input_ids", {"T"}, 0}, {"side", {}, 0}};
  spec.search_side = "side";
  return spec;
}

// One feature of such a family: a sentence and its side.
inline void emit_sentence(const FeatureCall& call, std::string_view sentence,
                          const std::int64_t& side) {
  const auto encoding = call.encode(sentence);
  call.emit({Field(encoding.ids, encoding.n), Field::scalar(side)});
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
