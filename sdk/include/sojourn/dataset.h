// Data and evaluation: what a task implements, and what it may ask of the host meanwhile.
#pragma once

#include <sojourn/host.h>
#include <sojourn/numbers.h>
#include <sojourn/task_abi.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// A file's bytes, mapped as long as the data set is open, and its path for messages.
struct File {
  std::string path;
  std::string_view bytes;
};

// Reading files.
class FilesCall : public Call {
 public:
  using Call::Call;

  // The file that the manifest calls `name` in this split.
  File file(const char* name) const {
    File found;
    check_own(context(), open(name, found));
    return found;
  }

  // Nothing where the manifest's optional file `name` isn't there.
  std::optional<File> optional_file(const char* name) const {
    File found;
    const sojourn_status status = open(name, found);
    if (status == SOJOURN_NOT_FOUND) return std::nullopt;
    check_own(context(), status);
    return found;
  }

 private:
  sojourn_status open(const char* name, File& found) const {
    sojourn_str bytes{};
    sojourn_str path{};
    const sojourn_status status = host().data->open(context(), name, &bytes, &path);
    if (status == SOJOURN_OK) found = {std::string(view(path)), view(bytes)};
    return status;
  }
};

// The split of a benchmark's gold, see Description::labels_file.
constexpr std::string_view kLabelsSplit = "labels";

// Opening a split of a language.
class OpenCall : public FilesCall {
 public:
  OpenCall(sojourn_ctx* context, const sojourn_dataset_request& request) noexcept
      : FilesCall(context), request_(&request) {}

  std::string_view split() const { return view(request_->split); }
  std::string_view language() const { return view(request_->language); }
  // Pieces that a window may hold; 0 where nothing will be featurized.
  std::int64_t max_tokens() const { return request_->max_tokens; }

  // The head's labels, in the order of its outputs.
  std::vector<std::string> labels() const {
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < request_->n_labels; ++i)
      names.emplace_back(view(request_->labels[i]));
    return names;
  }

 private:
  const sojourn_dataset_request* request_;
};

// Ends a row of input_ids [C, T] that is shorter than the others of its feature.
constexpr std::int64_t kEndOfRow = -1;

// A field of a feature: a vector of n numbers, a matrix or a scalar. Borrows them until it is
// emitted.
class Field {
 public:
  Field(const std::int64_t* data, std::uint64_t n) noexcept
      : data_(data), shape_{static_cast<std::int64_t>(n), 1}, dimensions_(1) {}
  explicit Field(const std::vector<std::int64_t>& numbers) noexcept
      : Field(numbers.data(), numbers.size()) {}
  // A matrix, row by row.
  Field(const std::vector<std::int64_t>& numbers, std::size_t rows) noexcept
      : data_(numbers.data()),
        shape_{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(numbers.size() / rows)},
        dimensions_(2) {}
  static Field scalar(const std::int64_t& number) noexcept {
    Field field(&number, 1);
    field.dimensions_ = 0;
    return field;
  }
  static Field scalar(const float& number) noexcept {
    Field field(nullptr, 1);
    field.type_ = SOJOURN_F32;
    field.data_ = &number;
    field.dimensions_ = 0;
    return field;
  }

  sojourn_array array() const noexcept { return {type_, dimensions_, shape_, data_}; }

 private:
  std::uint32_t type_ = SOJOURN_I64;
  const void* data_;
  std::int64_t shape_[2];
  std::uint32_t dimensions_;
};

// Turning one example into features. Text is tokenized by the encoder's own tokenizer, under the
// stage's max_tokens; what a window holds is described at sojourn_encoding.
class FeatureCall : public Call {
 public:
  using Call::Call;

  // One window; where the text is too long, the longer of the two is cut.
  sojourn_encoding encode(std::string_view a,
                          std::optional<std::string_view> b = std::nullopt) const {
    sojourn_encode_request request = new_request(SOJOURN_TRUNCATE_LONGEST);
    request.a = text(a);
    if (b) request.b = text(*b);
    encode(request);
    return window(0);
  }

  // Windows over b, each with all of a in front, that overlap by `stride` pieces: how many there
  // are. The stride must be less than a leaves room for.
  std::uint64_t encode_windows(std::string_view a, std::string_view b, std::uint32_t stride) const {
    sojourn_encode_request request = new_request(SOJOURN_TRUNCATE_SECOND);
    request.a = text(a);
    request.b = text(b);
    request.stride = stride;
    return encode(request);
  }

  // Windows over a, side by side: how many there are.
  std::uint64_t encode_windows(std::string_view a) const {
    sojourn_encode_request request = new_request(SOJOURN_TRUNCATE_SECOND);
    request.a = text(a);
    return encode(request);
  }

  // Words, split into windows at word boundaries: the number of windows.
  std::uint64_t encode_words(const std::vector<std::string_view>& words) const {
    std::vector<sojourn_str> list;
    list.reserve(words.size());
    for (const auto word : words) list.push_back(text(word));
    sojourn_encode_request request = new_request(SOJOURN_SPLIT_WORDS);
    request.words = list.data();
    request.n_words = list.size();
    return encode(request);
  }

  // Window i of the last encode; valid until the next one.
  sojourn_encoding window(std::uint64_t i) const {
    sojourn_encoding encoding{};
    encoding.struct_size = sizeof(encoding);
    check(host().text->window(context(), i, &encoding));
    return encoding;
  }

  // One feature: its fields in the manifest's order.
  void emit(std::initializer_list<Field> fields) const {
    std::vector<sojourn_array> arrays;
    arrays.reserve(fields.size());
    for (const Field& field : fields) arrays.push_back(field.array());
    check(host().data->emit(context(), arrays.data(), static_cast<std::uint32_t>(arrays.size())));
  }

 private:
  static sojourn_encode_request new_request(std::uint32_t mode) {
    sojourn_encode_request request{};
    request.struct_size = sizeof(request);
    request.mode = mode;
    return request;
  }

  // An empty text isn't a missing one: only the latter has no address.
  static sojourn_str text(std::string_view s) {
    return str(s.data() == nullptr ? std::string_view("") : s);
  }

  std::uint64_t encode(const sojourn_encode_request& request) const {
    std::uint64_t windows = 0;
    check(host().text->encode(context(), &request, &windows));
    return windows;
  }
};

// The k nearest neighbours of each of `rows` vectors, falling by cosine: [rows, k].
struct Neighbours {
  std::uint64_t rows;
  std::uint32_t k;
  const std::int64_t* index;
  const float* cosine;
};

// Of each of n pairs of vectors: the cosine, and the rank, from 1, of the one among the other's
// side.
struct Ranks {
  std::uint64_t n;
  const std::int64_t* rank;
  const float* cosine;
};

// Learning on the dev split how to decode others.
class TuneCall : public Call {
 public:
  using Call::Call;

  // Vectors of a side.
  std::uint64_t count(std::int64_t side) const {
    std::uint64_t n = 0;
    check(host().search->count(context(), side, &n));
    return n;
  }

  // k: at most count(to).
  Neighbours neighbours(std::int64_t from, std::int64_t to, std::uint32_t k) const {
    Neighbours found{count(from), k, nullptr, nullptr};
    check(host().search->neighbours(context(), from, to, k, &found.index, &found.cosine));
    return found;
  }

  // The same by CSLS, whose scores stand in `cosine`. neighbourhood: cut to what is there.
  Neighbours csls(std::int64_t from, std::int64_t to, std::uint32_t neighbourhood,
                  std::uint32_t k) const {
    Neighbours found{count(from), k, nullptr, nullptr};
    check(host().search->csls(context(), from, to, neighbourhood, k, &found.index, &found.cosine));
    return found;
  }

  // Of each pair rows[i], targets[i], which are equally many.
  Ranks ranks(std::int64_t from, std::int64_t to, const std::vector<std::int64_t>& rows,
              const std::vector<std::int64_t>& targets) const {
    Ranks found{rows.size(), nullptr, nullptr};
    check(host().search->ranks(context(), from, to, rows.data(), targets.data(), found.n,
                               &found.rank, &found.cosine));
    return found;
  }

  // Each vector's mean cosine with all of side `to`: count(from) numbers.
  const float* mean_cosines(std::int64_t from, std::int64_t to) const {
    const float* found = nullptr;
    check(host().search->mean_cosines(context(), from, to, &found));
    return found;
  }

  // n random numbers of 32 bits, the same for a stream of that name in every run.
  const std::uint32_t* random(std::string_view stream, std::uint64_t n) const {
    const std::uint32_t* numbers = nullptr;
    check(host().eval->random(context(), str(stream), n, &numbers));
    return numbers;
  }
};

// The end of decoding.
class DecodeCall : public TuneCall {
 public:
  DecodeCall(sojourn_ctx* context, sojourn_str tuned) noexcept
      : TuneCall(context), tuned_(view(tuned)) {}

  void predict(std::uint64_t example, std::string_view text) const {
    check(host().eval->prediction(context(), example, str(text)));
  }

  // What Decoder::tune gave on the dev split of this language, else on the English one; empty where
  // it gave nothing.
  std::string_view tuned() const { return tuned_; }
  // The same, of a decoder that gave number_text().
  double tuned_number() const {
    const auto number = number_of(tuned_);
    if (!number) throw Failure(SOJOURN_INTERNAL, "'" + std::string(tuned_) + "' is no number");
    return *number;
  }

 private:
  std::string_view tuned_;
};

// The fields and outputs of one feature, by name, padding cut off.
class Arrays {
 public:
  Arrays(const sojourn_named* arrays, std::uint64_t n) noexcept : arrays_(arrays), n_(n) {}

  const sojourn_array& operator[](std::string_view name) const {
    for (std::uint64_t i = 0; i < n_; ++i) {
      if (view(arrays_[i].name) == name) return arrays_[i].array;
    }
    throw Failure(SOJOURN_INTERNAL, "the host gave no '" + std::string(name) + "'");
  }

  const std::int64_t* integers(std::string_view name) const {
    return static_cast<const std::int64_t*>(typed(name, SOJOURN_I64).data);
  }
  const float* floats(std::string_view name) const {
    return static_cast<const float*>(typed(name, SOJOURN_F32).data);
  }

 private:
  const sojourn_array& typed(std::string_view name, std::uint32_t type) const {
    const sojourn_array& array = (*this)[name];
    if (array.dtype != type)
      throw Failure(SOJOURN_INTERNAL, "the host gave '" + std::string(name) + "' in another type");
    return array;
  }

  const sojourn_named* arrays_;
  std::uint64_t n_;
};

// See sojourn_task's decode callbacks. Used by one thread.
class Decoder {
 public:
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  virtual void add(std::uint64_t example, const Arrays& arrays) = 0;
  // After all of the dev split was added: what `finish` should use, such as a threshold. Called
  // only in a family whose kTunes is true.
  virtual std::string tune(const TuneCall& /*call*/) { return {}; }
  virtual void finish(const DecodeCall& call) = 0;
};

// Views of what lives as long as the data set.
struct Example {
  std::string_view id, align, cluster;  // align and cluster may be empty: the same as id
};

// One split of one language, read and checked. Const members may run on several threads at once.
class Dataset {
 public:
  Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;
  virtual ~Dataset() = default;

  virtual std::uint64_t size() const = 0;
  virtual Example example(std::uint64_t index) const = 0;
  virtual void featurize(const FeatureCall& call, std::uint64_t index) const = 0;
  virtual std::unique_ptr<Decoder> decoder() const = 0;
  // Additive statistics of a prediction, one per name in the manifest. Throws NoGold.
  virtual std::vector<double> score(std::uint64_t index, std::string_view prediction) const = 0;
};

// The place of the largest of n numbers (the first of equals). Throws where one isn't a number,
// since any answer would look like a prediction.
inline std::size_t argmax(const float* values, std::size_t n) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (values[i] != values[i]) throw Failure(SOJOURN_INTERNAL, "an output is NaN");
    if (values[i] > values[best]) best = i;
  }
  return best;
}

// {correct, total} of one item.
inline std::vector<double> one_item(bool correct) { return {correct ? 1.0 : 0.0, 1.0}; }

}  // namespace sojourn::sdk
#pragma GCC visibility pop
