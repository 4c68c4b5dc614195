// Masked language modelling: which pieces of a batch the encoder doesn't see, and what it sees
// instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/philox.h"
#include "core/data/batches.h"
#include "core/text/tokenizer.h"

namespace sojourn {

// The ids that masking must know.
struct MaskingIds {
  std::int64_t mask = 0;
  std::int64_t pieces = 0;            // ids below this may be drawn, unless they are special
  std::vector<std::int64_t> special;  // sorted; never chosen, never drawn
};

MaskingIds masking_ids(const Tokenizer& tokenizer);

// Hides pieces of the batch, as BERT does (Devlin et al., 2019, section 3.1), but anew in every
// step as RoBERTa does (Liu et al., 2019, section 4.1). Each piece that isn't special is chosen
// with probability `share`; of the chosen, 80 % become the mask token, 10 % a random piece
// (uniform, maybe itself), and 10 % stay. Field `labels`, int64 [B, T], becomes the original id of
// each chosen piece and -100 elsewhere. A row of which nothing is chosen stays as it is.
//
// What is drawn depends on (key, stream), the row's place in the optimizer step's batch and the
// column alone: padding and the size of a micro-batch change nothing.
//
// The batch gets new ids and labels; tensors that it shared with others stay as they are.
void mask_batch(Batch& batch, std::size_t labels, double share, const MaskingIds& ids,
                const RandomKey& key, const std::string& stream);

}  // namespace sojourn
