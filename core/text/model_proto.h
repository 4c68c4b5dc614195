// The few fields of sentencepiece's model file (sentencepiece_model.proto) that this program writes
// and checks. The wire format is written and read by hand: it is eighty lines for six fields, where
// protobuf would be one more dependency and a code generator in the build.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sojourn {

struct ScoredPiece {
  std::string text;
  float score = 0;  // log probability
};

// A Unigram model in XLM-R's order: <unk>, <s>, </s>, then `pieces`. Spaces are escaped and
// collapsed and one is put before the text, as sentencepiece does by default. An empty `charsmap`
// (the compiled rules of the normaliser) leaves text as it is.
std::string unigram_model_proto(const std::vector<ScoredPiece>& pieces, std::string_view charsmap);

// The normaliser's charsmap in a model file, "" where it has none, nothing where these bytes are no
// such file. A view into `model`.
std::optional<std::string_view> charsmap_of_model_proto(std::string_view model);

// What is wrong with a charsmap, if anything: size of a double array in bytes (uint32), the array
// (Darts units, uint32), then replacements that end in NUL. sentencepiece follows its links
// unchecked, so a damaged file would have it read outside the array.
std::optional<std::string> charsmap_problem(std::string_view charsmap);

}  // namespace sojourn
