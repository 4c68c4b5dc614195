// What names a stage and a scoring: everything that their bytes depend on, hashed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/plan/plan.h"

namespace sojourn {

// Raised when the same study would come out with other bits on the same machine.
inline constexpr int kNumericsVersion = 1;

// What a study says of a stage's training, without its parent and its files.
nlohmann::json training_description(const Stage& stage);

struct ContentKey {
  std::string key;       // 16 hexadecimal digits: the SHA-256 of the parts
  nlohmann::json parts;  // "recipe", "parent", "plugins", "data", "tokenizer", "numerics", ..
};

// Scorings of a stage that are done together, since one needs what another learns.
using ScoringGroup = std::vector<const Scoring*>;
std::vector<ScoringGroup> scoring_groups(const Stage& stage);

// The files of a data set. Empty, with `error` saying why, where they aren't there.
struct DatasetFiles {
  std::map<std::string, std::filesystem::path> files;
  std::string error;
};

// Keys depend on the content of files, not on where they are or when they were written. What isn't
// there counts as "absent", which no run accepts.
class KeyMaker {
 public:
  // numerics: what decides the bits beside the study: processor, threads, precision, versions.
  KeyMaker(const Study& study, TaskCatalog& tasks, nlohmann::json numerics);

  // Of the encoder that the study starts from.
  ContentKey of_encoder();
  ContentKey of_stage(const Stage& stage, const std::string& parent);
  ContentKey of_scorings(const std::string& stage, const ScoringGroup& group);

  // Throw Error(kInput) where the encoder's files, or those of the data, aren't any more what keys
  // were made of. To be called when they have been read.
  void check_encoder() const;
  void check_data() const;

  const DatasetFiles& files(const DatasetKey& key);
  // Of all data sets that keys were made of.
  const std::map<DatasetKey, DatasetFiles>& known_files() const { return files_; }
  const std::string& tokenizer() const { return tokenizer_; }
  // Why files or the encoder aren't there, as an error would say it; each once.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  // Hashes, looked up once: every stage asks.
  const nlohmann::json& plugin(const std::string& task);
  const nlohmann::json& data(const DatasetKey& key);
  nlohmann::json labels(const std::string& task);
  void note_missing(const std::string& what);

  const Study& study_;
  TaskCatalog& tasks_;
  nlohmann::json numerics_;
  nlohmann::json encoder_;
  std::string tokenizer_;
  std::map<DatasetKey, DatasetFiles> files_;
  std::map<std::string, nlohmann::json> plugins_;
  std::map<DatasetKey, nlohmann::json> data_;
  std::vector<std::string> missing_;
};

// The keys of a whole plan, by stage.
struct PlanKeys {
  struct OfStage {
    ContentKey training;  // of stage 0: of the encoder
    std::vector<ScoringGroup> groups;
    std::vector<ContentKey> scorings;  // of each group
  };
  std::vector<OfStage> stages;
};

PlanKeys keys_of(const Plan& plan, KeyMaker& maker);

}  // namespace sojourn
