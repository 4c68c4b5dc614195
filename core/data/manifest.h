// What a task says of itself: the JSON of sojourn_task.manifest, parsed and checked.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/task_options.h"

namespace sojourn {

enum class FieldType { kInt64, kFloat32 };

// A field of a feature. Dimensions are "T" (pieces), "C" (choices) or fixed sizes; T and C differ
// from feature to feature and are padded in a batch.
struct FieldSpec {
  std::string name;
  FieldType type = FieldType::kInt64;
  std::vector<std::string> dims;
  std::int64_t pad = 0;  // of input_ids: the tokenizer's, whatever the manifest says
};

// What a head sees, in order.
struct InputSpec {
  enum class Kind { kHidden, kMean, kInnerMean, kAttentionMask, kWordEmbeddings, kField };
  Kind kind = Kind::kField;
  std::int64_t layer =
      -1;             // of hidden states; 0 is the output of the embeddings, -1 the last layer
  std::string field;  // of kField
  std::string layer_option = {};  // whose value is the layer; empty: it is `layer`
};

// What a study may set of the task: a number, or one of several words.
struct OptionSpec {
  std::string name;
  OptionValue otherwise;  // the value where the study doesn't say
  double min = -std::numeric_limits<double>::infinity();
  bool min_open = false;
  double max = std::numeric_limits<double>::infinity();
  bool integer = false;
  std::vector<std::string> choices = {};  // the words; none of a number
};

// What a head gives for one feature, without the batch dimension: "T" and "C" are cut to the
// feature's own sizes before decoding, so that a decoder never sees padding; "L" is the number of
// labels.
struct OutputSpec {
  std::string name;
  std::vector<std::string> dims;  // JSON: {"name": "logits", "dims": ["T", "L"]}
};

// A file of a split, under the first pattern that exists below the data root. Patterns hold
// {split}, {language}, {code} (the task's own code for the language, see `codes`) and *. A split
// whose files are all optional needs one of them.
struct FileSpec {
  std::string name;
  std::vector<std::string> patterns;
  bool optional = false;
};

struct HeadSpec {
  std::string family;
  std::vector<std::string> labels;  // in the order of the outputs
  bool labels_from_train = false;   // then they are those of the English train split
  bool operator==(const HeadSpec&) const = default;
};

// How a benchmark keeps gold and predictions, in folders of its own.
struct BenchmarkSpec {
  enum class Format { kLines, kSentences, kAnswers, kPairs };
  std::string labels;  // a pattern below the folder of labels, and below that of predictions
  Format format = Format::kLines;  // of the predictions
};

// A metric as a function of summed statistics, times 100: ratio a / b; F1 of (true positives,
// predicted, gold); margin of (sum, sum of squares, n), the half width of the 95 % interval of
// the mean of n independent numbers by the normal distribution; or the Pearson correlation of n
// pairs, of (n, and the sums of x, y, x x, y y, x y). An empty denominator is 0, as are the margin
// of fewer than two numbers and the correlation with numbers that are all equal.
struct MetricSpec {
  enum class How { kRatio, kF1, kMargin, kPearson };
  std::string name;     // "accuracy"
  std::string profile;  // the rules it follows: "accuracy", "xtreme-2020"
  How how = How::kRatio;
  std::vector<std::size_t> arguments;  // indices into statistics
  bool primary = false;

  double evaluate(const std::vector<double>& sums) const;  // in percent
};

// Vectors that the host keeps for exact search. A task that has them is scored on the encoder as it
// is, whether or not it has a head to train.
struct SearchSpec {
  enum class Vector { kMean, kInnerMean, kFirst };
  Vector vector = Vector::kMean;  // over the tokens, over those without the special ones, the first
  // The int64 field that says which side a feature belongs to, 0 or 1: without dimensions, or [C],
  // where each choice is a vector of its own, and -1 keeps none of it.
  std::string side;
};

// Pieces that the host hides from the encoder in training, anew in every step: see mask_batch.
struct MaskingSpec {
  double share = 0;    // of the pieces that aren't special, in (0, 1]
  std::string labels;  // the field that gets the ids of the chosen ones; also loss_items
};

struct Manifest {
  std::string name;
  std::string kind;                    // the family's readable name, for `sojourn tasks`
  std::string licence;                 // of the data, as far as known
  std::vector<std::string> languages;  // that the benchmark has; files decide which are there
  std::map<std::string, std::string>
      codes;  // {code} of a language, where it isn't the language itself
  std::map<std::string, std::vector<FileSpec>> splits;  // "train", "dev", "test"
  std::optional<BenchmarkSpec> benchmark;
  std::vector<std::string>
      train_on;  // tasks whose training set is used where a study doesn't say; may be empty
  std::vector<FieldSpec> fields;  // [0] is input_ids, [T] or [C, T]
  std::string loss_items;         // the field whose entries other than -100 the loss sums over
  std::optional<HeadSpec> head;   // none: nothing is trained
  std::vector<InputSpec> inputs;  // as written; see resolve_inputs()
  std::vector<OptionSpec> options;
  bool batch_negatives = false;  // the loss compares the examples of a batch
  std::vector<OutputSpec> outputs;
  std::optional<MaskingSpec> masking;
  std::optional<SearchSpec> search;
  std::vector<std::string> statistics;
  std::vector<MetricSpec> metrics;
  std::vector<std::string> ops;

  // Whether anything of it is ever scored. One that is only trained has no outputs, statistics and
  // metrics.
  bool is_scored() const {
    return splits.contains("dev") || splits.contains("test") || benchmark.has_value();
  }
};

// Whether the head sees all word embeddings, so that training the task trains every row of them.
bool uses_word_table(const Manifest& manifest);

// Throws Error(kInput) at `where` for anything missing, unknown or contradictory.
Manifest parse_manifest(std::string_view json, const std::string& where);

}  // namespace sojourn
