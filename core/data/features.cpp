#include "core/data/features.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/file_hashes.h"
#include "core/base/hash.h"
#include "core/base/parallel.h"
#include "core/data/files.h"

namespace sojourn {

namespace {

constexpr int kFeatureVersion = 2;    // raised when the same inputs would give other features
constexpr std::int64_t kChunk = 128;  // examples that one thread takes at a time

std::string cache_key(const Task& task, const DatasetRequest& request, std::int64_t examples) {
  nlohmann::json key{
      {"version", kFeatureVersion},       {"plugin", file_sha256(task.plugin_file())},
      {"task", task.manifest().name},     {"split", request.split},
      {"language", request.language},     {"tokenizer", request.tokenizer->digest()},
      {"max_tokens", request.max_tokens}, {"examples", examples},
      {"labels", request.labels}};
  for (const auto& [name, file] : request.files) key["files"][name] = file_sha256(file);
  return sha256(key.dump());
}

FeatureTable featurize(const Task& task, const Dataset& data, std::int64_t examples, int threads,
                       const std::string& where) {
  const auto chunks = (examples + kChunk - 1) / kChunk;
  const auto& fields = task.manifest().fields;
  std::vector<FeatureTable> parts(static_cast<std::size_t>(chunks), FeatureTable(fields, where));
  parallel_for(chunks, task.parallel_featurize() ? threads : 1, [&](std::int64_t chunk) {
    throw_if_interrupted();
    auto& part = parts[static_cast<std::size_t>(chunk)];
    for (std::int64_t i = chunk * kChunk; i < std::min(examples, (chunk + 1) * kChunk); ++i) {
      part.begin_example();
      data.featurize(i, part);
    }
  });
  FeatureTable all(fields, where);
  for (const auto& part : parts) all.append(part);
  return all;
}

void check_ids(const FeatureTable& features, std::int64_t vocab_size, const std::string& where) {
  const auto ids = features.used_ids();
  if (!ids.empty() && (ids.front() < 0 || ids.back() >= vocab_size)) {
    throw Error(ErrorKind::kPlugin, where,
                "featurize: input id " +
                    std::to_string(ids.front() < 0 ? ids.front() : ids.back()) +
                    " is outside the encoder's " + std::to_string(vocab_size) + " rows");
  }
}

std::vector<std::string> left_out(const Manifest& manifest, const DatasetRequest& request) {
  std::vector<std::string> names;
  for (const auto& file : manifest.splits.at(request.split)) {
    if (!request.files.contains(file.name)) names.push_back(file.name);
  }
  return names;
}

}  // namespace

std::vector<std::string> head_labels(Task& task, const std::filesystem::path& root) {
  const auto& manifest = task.manifest();
  if (!manifest.head) return {};
  if (!manifest.head->labels_from_train) return manifest.head->labels;
  return task.read_labels(find_files(manifest, "train", kTrainingLanguage, root));
}

LoadedDataset load_dataset(Task& task, const std::string& split, const std::string& language,
                           std::int64_t max_tokens, std::optional<std::int64_t> limit,
                           const DataContext& context) {
  const auto& manifest = task.manifest();
  const std::string where = "task '" + manifest.name + "' (" + task.plugin_file().string() + ")";
  const DatasetRequest request{split,
                               language,
                               find_files(manifest, split, language, context.root),
                               context.tokenizer,
                               max_tokens,
                               head_labels(task, context.root)};
  auto data = task.open(request);
  const std::int64_t examples = std::min(data->size(), limit.value_or(data->size()));
  FeatureTable features(manifest.fields, where);
  const auto cached = context.cache.empty()
                          ? ""
                          : context.cache / (cache_key(task, request, examples) + ".features");
  if (cached.empty() || !features.load(cached)) {
    features = featurize(task, *data, examples, context.threads, where);
    if (!cached.empty()) features.save(cached);
  }
  check_ids(features, context.vocab_size, where);
  if (features.size() == 0) {
    throw input_error(request.files.begin()->second.string(),
                      "has no example for split " + split + ", language " + language);
  }
  return {std::move(data), examples,       std::move(features),
          request.files,   request.labels, left_out(manifest, request)};
}

}  // namespace sojourn
