#include "core/data/features.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/file.h"
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

void check_lengths(const FeatureTable& features, std::int64_t max_tokens,
                   const std::string& where) {
  for (const std::int64_t length : features.lengths()) {
    if (length > max_tokens) {
      throw Error(ErrorKind::kPlugin, where,
                  "featurize: a feature of " + std::to_string(length) + " pieces, max_tokens is " +
                      std::to_string(max_tokens));
    }
  }
}

// Where the size of a data set is kept: a file of three numbers, named by all that decides them.
std::filesystem::path size_file(const Task& task, const DatasetKey& key,
                                const std::map<std::string, std::filesystem::path>& files,
                                const std::string& tokenizer, const std::filesystem::path& cache) {
  nlohmann::json all{{"version", kFeatureVersion},
                     {"plugin", file_sha256(task.plugin_file())},
                     {"task", key.task},
                     {"split", key.split},
                     {"language", key.language},
                     {"tokenizer", tokenizer},
                     {"max_tokens", key.max_tokens},
                     {"limit", key.limit.value_or(-1)}};
  for (const auto& [name, file] : files) all["files"][name] = file_sha256(file);
  return cache / (sha256(all.dump()) + ".size");
}

void remember_size(const std::filesystem::path& file, const LoadedDataset& loaded) {
  if (std::filesystem::exists(file)) return;
  const DatasetSize size = size_of(loaded);
  write_file(file, nlohmann::json{size.examples, size.features, size.pieces}.dump() + "\n");
}

}  // namespace

std::string name_of(const DatasetKey& key) {
  return key.task + " " + key.split + " " + key.language;
}

std::vector<std::string> head_labels(Task& task, const std::filesystem::path& root) {
  const auto& manifest = task.manifest();
  if (!manifest.head) return {};
  if (!manifest.head->labels_from_train) return manifest.head->labels;
  return task.read_labels(find_files(manifest, "train", kTrainingLanguage, root));
}

LoadedDataset load_dataset(Task& task, const DatasetKey& key, const DataContext& context) {
  const auto& manifest = task.manifest();
  const std::string where = "task '" + manifest.name + "' (" + task.plugin_file().string() + ")";
  const DatasetRequest request{
      key.split,
      key.language,
      find_files(manifest, key.split, key.language, context.root, key.files),
      context.tokenizer,
      key.max_tokens,
      head_labels(task, context.root)};
  auto data = task.open(request);
  const std::int64_t examples = std::min(data->size(), key.limit.value_or(data->size()));
  FeatureTable features(manifest.fields, where);
  const auto cached = context.cache.empty()
                          ? ""
                          : context.cache / (cache_key(task, request, examples) + ".features");
  const bool known = !cached.empty() && features.load(cached);
  if (!known) features = featurize(task, *data, examples, context.threads, where);
  check_ids(features, context.vocab_size, where);
  check_lengths(features, key.max_tokens, where);
  if (features.size() == 0) {
    throw input_error(request.files.begin()->second.string(),
                      "has no example for split " + key.split + ", language " + key.language);
  }
  if (!known && !cached.empty()) features.save(cached);
  LoadedDataset loaded{std::move(data),     examples,
                       std::move(features), request.files,
                       request.labels,      left_out(manifest, key.split, request.files)};
  if (!context.cache.empty()) {
    remember_size(size_file(task, key, request.files, context.tokenizer->digest(), context.cache),
                  loaded);
  }
  return loaded;
}

DatasetSize size_of(const LoadedDataset& loaded) {
  DatasetSize size{loaded.examples, loaded.features.size(), 0};
  for (std::int64_t feature = 0; feature < size.features; ++feature)
    size.pieces += loaded.features.pieces(feature);
  return size;
}

std::optional<DatasetSize> cached_size(const Task& task, const DatasetKey& key,
                                       const std::map<std::string, std::filesystem::path>& files,
                                       const std::string& tokenizer,
                                       const std::filesystem::path& cache) {
  const auto file = size_file(task, key, files, tokenizer, cache);
  if (!std::filesystem::exists(file)) return std::nullopt;
  const auto json = nlohmann::json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array() || json.size() != 3) return std::nullopt;
  return DatasetSize{json[0], json[1], json[2]};
}

}  // namespace sojourn
