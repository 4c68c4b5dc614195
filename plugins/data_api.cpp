#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "plugins/abi_sizes.h"
#include "plugins/host_api.h"

namespace sojourn {

namespace {

[[noreturn]] void refuse_file(const OpenServices& open, const std::string& name) {
  std::vector<std::string> names;
  const auto split = open.manifest->splits.find(open.request->split);
  if (split != open.manifest->splits.end()) {
    for (const auto& file : split->second) {
      if (file.optional && file.name == name)
        throw Refusal(SOJOURN_NOT_FOUND, "there is no file '" + name + "'");
      names.push_back(file.name);
    }
  } else if (name == "predictions") {  // beside a benchmark's gold
    throw Refusal(SOJOURN_NOT_FOUND, "there are no predictions");
  }
  throw Refusal(SOJOURN_INVALID, "the manifest has no file '" + name + "' in this split" +
                                     did_you_mean(name, names));
}

sojourn_status open_file(sojourn_ctx* context, const char* name, sojourn_str* bytes,
                         sojourn_str* path) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.open == nullptr) refuse_place(c, "open", "dataset_open and labels");
    require(name != nullptr && bytes != nullptr && path != nullptr,
            "open needs a name and two places");
    const auto& files = c.open->request->files;
    const auto file = files.find(name);
    if (file == files.end()) refuse_file(*c.open, name);
    auto& mapped = (*c.open->mapped)[name];
    if (mapped == nullptr) mapped = std::make_unique<const MappedFile>(file->second);
    *bytes = to_abi(mapped->text());
    *path = to_abi(file->second.native());
  });
}

sojourn_status label(sojourn_ctx* context, sojourn_str name) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.open == nullptr || c.open->labels == nullptr) refuse_place(c, "label", "labels");
    auto& labels = *c.open->labels;
    std::string text = checked_string(c, name, "a label");
    require(!text.empty(), "a label without a name");
    require(std::find(labels.begin(), labels.end(), text) == labels.end(),
            "label '" + text + "' a second time");
    labels.push_back(std::move(text));
  });
}

ArrayView to_view(const sojourn_array& array, std::uint32_t place) {
  constexpr std::uint32_t kMostDimensions = 8;
  const std::string label = "field " + std::to_string(place);
  require(array.dtype == SOJOURN_I64 || array.dtype == SOJOURN_F32, label + " is of no known type");
  require(array.ndim <= kMostDimensions && (array.ndim == 0 || array.shape != nullptr),
          label + " has no shape");
  require(array.data != nullptr, label + " has no data");
  ArrayView view;
  view.type = array.dtype == SOJOURN_I64 ? FieldType::kInt64 : FieldType::kFloat32;
  if (array.ndim > 0) view.shape.assign(array.shape, array.shape + array.ndim);
  view.data = array.data;
  return view;
}

sojourn_status emit(sojourn_ctx* context, const sojourn_array* fields, std::uint32_t n) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.features == nullptr) refuse_place(c, "emit", "featurize");
    const std::size_t expected = c.features->n_fields;
    // Checked before any of them is touched. The rest of a feature's shape is the sink's to check.
    if (n != expected || fields == nullptr) {
      throw Error(ErrorKind::kPlugin, "emit",
                  std::to_string(n) + " fields, the manifest has " + std::to_string(expected));
    }
    std::vector<ArrayView> views;
    views.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) views.push_back(to_view(fields[i], i));
    c.features->sink->emit(views);
  });
}

std::vector<Encoding> encode_request(const FeatureServices& features,
                                     const sojourn_encode_request& request) {
  const Tokenizer& tokenizer = *features.tokenizer;
  if (request.mode == SOJOURN_SPLIT_WORDS) {
    require(request.n_words == 0 || request.words != nullptr, "no words to encode");
    std::vector<std::string_view> words;
    words.reserve(request.n_words);
    for (std::uint64_t i = 0; i < request.n_words; ++i) words.push_back(from_abi(request.words[i]));
    return tokenizer.encode_words(words, features.max_tokens);
  }
  require(request.mode == SOJOURN_TRUNCATE_LONGEST || request.mode == SOJOURN_TRUNCATE_SECOND,
          "encode has no mode " + std::to_string(request.mode));
  require(request.a.p != nullptr, "no text to encode");
  const auto pair = request.b.p == nullptr ? std::nullopt : std::optional(from_abi(request.b));
  const auto overflow =
      request.mode == SOJOURN_TRUNCATE_LONGEST ? Overflow::kCutLongest : Overflow::kSlideSecond;
  return tokenizer.encode(from_abi(request.a), pair, features.max_tokens, overflow, request.stride);
}

sojourn_status encode(sojourn_ctx* context, const sojourn_encode_request* request,
                      std::uint64_t* n_windows) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.features == nullptr) refuse_place(c, "encode", "featurize");
    require(request != nullptr && request->struct_size >= kRequestSize && n_windows != nullptr,
            "encode needs a request of at least " + std::to_string(kRequestSize) + " bytes");
    c.features->windows = encode_request(*c.features, *request);
    *n_windows = c.features->windows.size();
  });
}

sojourn_status window(sojourn_ctx* context, std::uint64_t i, sojourn_encoding* out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.features == nullptr) refuse_place(c, "window", "featurize");
    const auto& windows = c.features->windows;
    require(i < windows.size(),
            "window " + std::to_string(i) + " of " + std::to_string(windows.size()));
    require(out != nullptr && out->struct_size >= kEncodingSize,
            "window needs a place of at least " + std::to_string(kEncodingSize) + " bytes");
    const Encoding& found = windows[static_cast<std::size_t>(i)];
    out->n = found.ids.size();
    out->ids = found.ids.data();
    out->sequence = found.sequence.data();
    out->word = found.word.data();
    out->begin = found.begin.data();
    out->end = found.end.data();
  });
}

}  // namespace

const sojourn_data_api* data_interface() {
  static const sojourn_data_api table{sizeof(sojourn_data_api), &open_file, &label, &emit};
  return &table;
}

const sojourn_text_api* text_interface() {
  static const sojourn_text_api table{sizeof(sojourn_text_api), &encode, &window};
  return &table;
}

}  // namespace sojourn
