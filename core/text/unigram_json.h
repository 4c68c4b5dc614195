// tokenizer.json, the file of Hugging Face tokenizers, as far as XLM-R's tokenizer needs it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sojourn {

// The serialized sentencepiece model that tokenizer.json describes: pieces, scores and the
// normaliser's rules. It must be a Unigram model in XLM-R's order (<s> <pad> </s> <unk>, the
// pieces, <mask>), behind a Metaspace pre-tokenizer, with no normaliser but Precompiled and those
// that sentencepiece's own handling of spaces covers, and XLM-R's added tokens. Throws
// Error(kInput) with `file` and the key of what is otherwise.
std::string sentencepiece_model_of_json(std::string_view text, const std::filesystem::path& file);

// Checks that the added tokens are XLM-R's five, with <mask> at `mask_id`. Throws Error(kInput)
// like the above. Their lstrip and rstrip flags aren't read, since sentencepiece drops spaces next
// to them anyway.
void check_added_tokens(std::string_view text, const std::filesystem::path& file,
                        std::int64_t mask_id);

}  // namespace sojourn
