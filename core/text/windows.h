// Pieces put into windows of at most max_tokens, under XLM-R's template.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/text/tokenizer.h"

namespace sojourn {

constexpr std::int64_t kBosId = 0;  // <s>
constexpr std::int64_t kPadId = 1;
constexpr std::int64_t kEosId = 2;  // </s>
constexpr std::int64_t kUnkId = 3;

void append_piece(Encoding& to, std::int64_t id, std::int64_t sequence, std::int64_t word,
                  std::int64_t begin, std::int64_t end);

// `a` and `b` hold pieces only. See Tokenizer::encode.
std::vector<Encoding> text_windows(const Encoding& a, const std::optional<Encoding>& b,
                                   std::int64_t max_tokens, Overflow overflow, std::int64_t stride);

// `pieces` holds pieces only, of which equal neighbours in `word` are one word. See
// Tokenizer::encode_words.
std::vector<Encoding> word_windows(const Encoding& pieces, std::int64_t max_tokens);

}  // namespace sojourn
