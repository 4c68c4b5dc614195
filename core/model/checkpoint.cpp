#include "core/model/checkpoint.h"

#include <string_view>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_object.h"

namespace sojourn {

namespace {

using Json = nlohmann::json;

constexpr int kIndexDepth = 8;  // its metadata may hold anything
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

// False also for a name that no file can have.
bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

Error no_weights(const std::filesystem::path& directory) {
  const std::string expected = std::string("expected ") + kWeights + " or " + kIndex;
  for (const char* pickled : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!is_there(directory / pickled)) continue;
    std::string what = "found only ";
    what.append(pickled)
        .append(", a pickle, which can run any code when it is read; ")
        .append(expected);
    what.append(
        ". To convert it, in Python: from transformers import AutoModel; "
        "AutoModel.from_pretrained('");
    what.append(directory.string()).append("').save_pretrained('").append(directory.string());
    what.append("', safe_serialization=True)");
    return input_error(directory.string(), what);
  }
  return input_error(directory.string(), "found no weights, " + expected);
}

bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

// Which shard, by tensor, from the index.
std::map<std::string, std::string> read_weight_map(const std::filesystem::path& index) {
  const std::string where = index.string();
  const Json json = parse_json_object(read_file(index), where, kIndexDepth);
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object()) {
    throw input_error(where, std::string("'weight_map': found ") +
                                 (map == json.end() ? "nothing" : map->type_name()) +
                                 ", expected an object");
  }
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string() || !is_plain_file_name(shard.get_ref<const std::string&>())) {
      throw input_error(where, "'weight_map': found " + shown(shard.dump()) + " for tensor " +
                                   shown(tensor) +
                                   ", expected the name of a file in the same directory");
    }
    shards.emplace(tensor, shard.get<std::string>());
  }
  return shards;
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& directory) {
  Checkpoint checkpoint;
  checkpoint.directory_ = directory;
  if (is_there(directory / kWeights)) {
    const auto file = std::make_shared<const SafetensorsFile>(directory / kWeights);
    for (const auto& [name, entry] : file->entries()) checkpoint.files_.emplace(name, file);
    return checkpoint;
  }
  const auto index = directory / kIndex;
  if (!is_there(index)) throw no_weights(directory);
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> shards;
  for (const auto& [tensor, shard] : read_weight_map(index)) {
    auto& file = shards[shard];
    if (file == nullptr) {
      if (!is_there(directory / shard)) {
        throw input_error(index.string(), "found no file " + shown(shard) +
                                              " in the directory, expected it for tensor " +
                                              shown(tensor));
      }
      file = std::make_shared<const SafetensorsFile>(directory / shard);
    }
    if (!file->entries().contains(tensor)) {
      throw input_error(file->path().string(), "found no tensor " + shown(tensor) +
                                                   ", expected one, since " + kIndex + " lists it");
    }
    checkpoint.files_.emplace(tensor, file);
  }
  return checkpoint;
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

at::Tensor Checkpoint::tensor(const std::string& name) const {
  const auto found = files_.find(name);
  if (found == files_.end()) {
    throw input_error(directory_.string(),
                      "found no tensor " + shown(name) + " among the weights, expected one");
  }
  return found->second->tensor(name);
}

std::filesystem::path Checkpoint::file_of(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? directory_ : found->second->path();
}

}  // namespace sojourn
