#include "core/plan/stage_key.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/file_hashes.h"
#include "core/base/hash.h"
#include "core/data/files.h"
#include "core/text/tokenizer.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kAbsent = "absent";

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json describe(const DatasetKey& key) {
  return {{"task", key.task},
          {"split", key.split},
          {"language", key.language},
          {"max_tokens", key.max_tokens},
          {"limit", or_null(key.limit)}};
}

json describe(const TaskTraining& training) {
  const Recipe& recipe = training.recipe;
  json made{{"task", training.task},
            {"head", training.head},
            {"loss_weight", training.loss_weight},
            {"batch_size", recipe.batch_size},
            {"micro_batch", std::min(recipe.micro_batch, recipe.batch_size)},
            {"epochs", recipe.epochs}};
  for (const auto& key : training.data) {
    auto described = describe(key);
    if (!key.files.empty()) described["files"] = key.files;
    made["data"].push_back(described);
  }
  if (training.dev) made["dev"] = describe(*training.dev);
  for (const auto& [name, option] : recipe.options)
    std::visit([&, &name = name](const auto& value) { made["options"][name] = value; }, option);
  return made;
}

json describe(const Adapter& adapter) {
  return {{"kind", adapter.kind},       {"rank", adapter.rank},       {"alpha", adapter.alpha},
          {"dropout", adapter.dropout}, {"targets", adapter.targets}, {"layers", adapter.layers},
          {"merge", adapter.merge}};
}

ContentKey content_key(json parts) {
  const std::string hash = sha256(parts.dump());
  return {hash.substr(0, 16), std::move(parts)};
}

bool is_weights(const std::string& name) {
  return name == "config.json" || name == "model.safetensors.index.json" ||
         (name.starts_with("model") && name.ends_with(".safetensors"));
}

json weight_hashes(const fs::path& encoder) {
  json hashes = json::object();
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(encoder, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (is_weights(name)) hashes[name] = file_sha256(entry.path());
  }
  return hashes;
}

}  // namespace

json training_description(const Stage& stage) {
  const Recipe& recipe = stage.recipe;
  json made{{"seed", stage.seed},
            {"role", stage.role},
            {"peak_lr", recipe.peak_lr},
            {"warmup", recipe.warmup},
            {"weight_decay", recipe.weight_decay},
            {"max_grad_norm", recipe.max_grad_norm},
            {"steps", or_null(recipe.steps)}};
  for (const auto& training : stage.training) made["tasks"].push_back(describe(training));
  if (stage.training.size() > 1) {
    made["sampling"] = {{"by", stage.sampling.by},
                        {"cap", or_null(stage.sampling.cap)},
                        {"exponent", stage.sampling.exponent},
                        {"weights", stage.sampling.weights}};
  }
  if (adapts(stage)) made["adapter"] = describe(recipe.adapter);
  if (recipe.evaluate.every) {
    made["evaluate"] = {{"every", *recipe.evaluate.every},
                        {"patience", or_null(recipe.evaluate.patience)}};
  }
  return made;
}

std::vector<ScoringGroup> scoring_groups(const Stage& stage) {
  std::vector<ScoringGroup> groups;
  std::map<std::string, std::size_t> known;
  for (const auto& scoring : stage.scorings) {
    std::string name;  // of what the group shares
    if (scoring.sweep != SweepPart::kNone) {
      name = "sweep " + scoring.target;
    } else if (scoring.tuning) {
      name = "tuning " + scoring.head + " " + describe(*scoring.tuning).dump() + " " +
             or_null(scoring.layer).dump();
    } else {
      name = "alone " + std::to_string(groups.size());
    }
    const auto [found, fresh] = known.emplace(name, groups.size());
    if (fresh) groups.emplace_back();
    groups[found->second].push_back(&scoring);
  }
  return groups;
}

KeyMaker::KeyMaker(const Study& study, TaskCatalog& tasks, json numerics)
    : study_(study), tasks_(tasks), numerics_(std::move(numerics)) {
  numerics_["host"] = kNumericsVersion;
}

void KeyMaker::note_missing(const std::string& what) {
  if (std::find(missing_.begin(), missing_.end(), what) == missing_.end()) missing_.push_back(what);
}

const DatasetFiles& KeyMaker::files(const DatasetKey& key) {
  const auto known = files_.find(key);
  if (known != files_.end()) return known->second;
  DatasetFiles found;
  try {
    found.files = find_files(tasks_.task(key.task).manifest(), key.split, key.language,
                             study_.data_root, key.files);
  } catch (const Error& error) {
    found.error = error.what();
    note_missing(found.error);
  }
  return files_.emplace(key, std::move(found)).first->second;
}

const json& KeyMaker::plugin(const std::string& task) {
  const auto [known, fresh] = plugins_.try_emplace(task);
  if (fresh) known->second = file_sha256(tasks_.task(task).plugin_file());
  return known->second;
}

const json& KeyMaker::data(const DatasetKey& key) {
  const auto [known, fresh] = data_.try_emplace(key);
  if (!fresh) return known->second;
  const auto& found = files(key);
  if (!found.error.empty()) return known->second = kAbsent;
  for (const auto& [name, file] : found.files) known->second[name] = file_sha256(file);
  return known->second;
}

// The files that a head's labels are read from, where they aren't in the manifest.
json KeyMaker::labels(const std::string& task) {
  const auto& head = tasks_.task(task).manifest().head;
  if (!head || !head->labels_from_train) return nullptr;
  return data({task, "train", kTrainingLanguage});
}

ContentKey KeyMaker::of_encoder() {
  encoder_ = weight_hashes(study_.encoder);
  if (encoder_.empty()) {
    note_missing(study_.encoder.string() + ": no encoder there");
    encoder_ = kAbsent;
  } else {
    tokenizer_ = tokenizer_digest(study_.encoder);
  }
  return content_key({{"encoder", encoder_}});
}

void KeyMaker::check_encoder() const {
  if (weight_hashes(study_.encoder) == encoder_) return;
  throw input_error(study_.encoder.string(),
                    "isn't the encoder any more that it was when this command began; run it again");
}

void KeyMaker::check_data() const {
  for (const auto& [key, hashes] : data_) {
    if (hashes == kAbsent) continue;
    for (const auto& [name, file] : files_.at(key).files) {
      if (hashes.at(name) == file_sha256(file)) continue;
      throw input_error(file.string(), "was changed since this command began; run it again");
    }
  }
}

ContentKey KeyMaker::of_stage(const Stage& stage, const std::string& parent) {
  json parts{{"recipe", training_description(stage)},
             {"parent", parent},
             {"tokenizer", tokenizer_},
             {"numerics", numerics_}};
  for (const auto& training : stage.training) {
    parts["plugins"][training.task] = plugin(training.task);
    for (const auto& key : training.data) parts["data"][name_of(key)] = data(key);
    if (training.dev) parts["data"][name_of(*training.dev)] = data(*training.dev);
    const json from = labels(training.task);
    if (!from.is_null()) parts["data"][training.task + " labels"] = from;
  }
  return content_key(std::move(parts));
}

ContentKey KeyMaker::of_scorings(const std::string& stage, const ScoringGroup& group) {
  json parts{{"stage", stage}, {"tokenizer", tokenizer_}, {"numerics", numerics_}};
  for (const Scoring* scoring : group) {
    const DatasetKey& key = scoring->data;
    json described{{"data", describe(key)},
                   {"head", scoring->head},
                   {"layer", or_null(scoring->layer)},
                   {"sweep", static_cast<int>(scoring->sweep)}};
    parts["plugins"][key.task] = plugin(key.task);
    parts["data"][name_of(key)] = data(key);
    if (scoring->tuning) {
      described["tuning"] = describe(*scoring->tuning);
      parts["data"][name_of(*scoring->tuning)] = data(*scoring->tuning);
    }
    const json from = labels(key.task);
    if (!from.is_null()) parts["data"][key.task + " labels"] = from;
    parts["scorings"].push_back(described);
  }
  return content_key(std::move(parts));
}

PlanKeys keys_of(const Plan& plan, KeyMaker& maker) {
  PlanKeys keys;
  for (const auto& stage : plan.stages) {
    PlanKeys::OfStage made;
    made.training = stage.parent ? maker.of_stage(stage, keys.stages[*stage.parent].training.key)
                                 : maker.of_encoder();
    made.groups = scoring_groups(stage);
    for (const auto& group : made.groups)
      made.scorings.push_back(maker.of_scorings(made.training.key, group));
    keys.stages.push_back(std::move(made));
  }
  return keys;
}

}  // namespace sojourn
