#include "core/model/peft.h"

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_object.h"
#include "core/model/low_rank.h"
#include "core/model/saved_tensors.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kPrefix = "base_model.model.";
constexpr const char* kBase = "sojourn.base";
constexpr int kConfigDepth = 4;

// Keys that, where they say anything, change what the weights mean.
constexpr std::array<const char*, 8> kVariants = {
    "use_rslora",   "use_dora",      "fan_in_fan_out",  "modules_to_save",
    "rank_pattern", "alpha_pattern", "megatron_config", "target_parameters"};

bool says_something(const nlohmann::json& value) {
  return !(value.is_null() || value == false || (value.is_structured() && value.empty()));
}

template <class T>
T value_of(const nlohmann::json& config, const char* key, const std::string& where) {
  const auto found = config.find(key);
  try {
    if (found != config.end()) return found->get<T>();
  } catch (const nlohmann::json::exception&) {
    throw input_error(where, std::string("'") + key + "' is of another type than PEFT's");
  }
  throw input_error(where, std::string("the key '") + key + "' is missing");
}

}  // namespace

void save_adapter(const fs::path& directory, const Encoder& encoder) {
  if (!encoder.adapted())
    throw Error(ErrorKind::kInternal, directory.string(),
                "of this encoder, no adapter was trained");
  const auto& [adapter, layers, base] = *encoder.adapted();
  std::vector<TensorSource> tensors;
  for (const auto& parameter : encoder.trained_parameters())
    tensors.push_back(saved(kPrefix + parameter.name, parameter.value));
  std::vector<std::int64_t> from_zero;
  for (const std::int64_t layer : layers) from_zero.push_back(layer - 1);
  const ordered_json config{{"peft_type", "LORA"},
                            {"task_type", nullptr},
                            {"base_model_name_or_path", nullptr},
                            {"r", adapter.rank},
                            {"lora_alpha", adapter.alpha},
                            {"lora_dropout", adapter.dropout},
                            {"target_modules", adapter.targets},
                            {"layers_to_transform", from_zero},
                            {"layers_pattern", "layer"},
                            {"bias", "none"},
                            {"inference_mode", true}};
  fs::create_directories(directory);
  write_safetensors(directory / kAdapterWeights, tensors, {{kBase, base}});
  write_file(directory / kConfig, config.dump(2) + "\n");
}

Adapter read_adapter_config(const fs::path& directory) {
  const std::string where = (directory / kConfig).string();
  const auto config = parse_json_object(read_file(where), where, kConfigDepth);
  const auto refuse = [&](const char* key, const std::string& expected) {
    throw input_error(where, std::string("'") + key + "' is " +
                                 config.value(key, nlohmann::json()).dump() + ", expected " +
                                 expected);
  };
  if (config.value("peft_type", nlohmann::json()) != "LORA") refuse("peft_type", "\"LORA\"");
  if (config.value("bias", nlohmann::json("none")) != "none") refuse("bias", "\"none\"");
  for (const char* key : kVariants) {
    if (says_something(config.value(key, nlohmann::json()))) refuse(key, "nothing");
  }
  Adapter adapter;
  adapter.kind = "lora";
  adapter.rank = value_of<std::int64_t>(config, "r", where);
  adapter.alpha = value_of<double>(config, "lora_alpha", where);
  adapter.dropout = value_of<double>(config, "lora_dropout", where);
  adapter.targets = value_of<std::vector<std::string>>(config, "target_modules", where);
  const auto layers = config.find("layers_to_transform");
  if (layers != config.end() && !layers->is_null()) {
    adapter.layers = value_of<std::vector<std::int64_t>>(config, "layers_to_transform", where);
    for (std::int64_t& layer : adapter.layers) ++layer;
  }
  if (adapter.rank < 1) refuse("r", "at least 1");
  return adapter;
}

void apply_adapter(const fs::path& directory, Encoder& encoder, bool merge) {
  const at::NoGradGuard no_grad;
  Adapter adapter = read_adapter_config(directory);
  adapter.merge = merge;
  check_adapter(adapter, encoder.config(), (directory / kConfig).string());
  const SafetensorsFile file(directory / kAdapterWeights);
  const auto parameters = encoder.begin_adapting(adapter, encoder.config().layers, {});
  std::set<std::string> known;
  for (const auto& parameter : parameters) {
    const std::string name = kPrefix + parameter.name;
    const at::Tensor value = parameter.value;
    const at::Tensor stored = file.tensor(name);
    if (stored.sizes() != value.sizes())
      throw input_error(file.path().string(), "tensor '" + name + "' has another shape");
    value.copy_(stored);
    known.insert(name);
  }
  for (const auto& [name, entry] : file.entries()) {
    if (!known.contains(name))
      throw input_error(file.path().string(), "tensor '" + name + "' belongs to no module");
  }
  const auto base = file.metadata().find(kBase);
  if (base != file.metadata().end() && base->second != encoder.adapted()->base) {
    throw input_error(file.path().string(), "was trained beside other weights than these: found " +
                                                base->second + ", the encoder's are " +
                                                encoder.adapted()->base);
  }
  encoder.end_training(1);
}

}  // namespace sojourn
