// Does what is left of a plan's stages, into the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/run/progress.h"
#include "core/run/run_study.h"
#include "core/run/stage_trainer.h"
#include "core/run/stored_study.h"

namespace sojourn {

// A study on its way through the store. Made, it has its plan and keys; prepared, it has read and
// checked all data that is left to be used.
class StageWorker {
 public:
  StageWorker(const Study& study, TaskCatalog& tasks, const RunOptions& options);

  const Plan& plan() const { return plan_; }
  const PlanKeys& keys() const { return keys_; }
  const StageWork& work(std::size_t stage) const { return work_[stage]; }
  StageStore& store() { return store_; }
  const EncoderConfig& encoder() const { return config_; }

  // Loads the data of these stages' work, and checks the encoder. Throws Error(kInput) where
  // anything is wrong with data, tokenizer or encoder; nothing is written before.
  void prepare(const std::set<std::size_t>& stages);
  // Tells the store that the run in that folder needs all entries of the plan, and looks again
  // which are there: some may have been removed until then.
  void keep_for(const std::filesystem::path& run);
  // Is told of each stage that is trained the new lines of its curve.
  using CurveSink = std::function<void(const Stage& stage, const std::string& lines)>;
  void on_curve(CurveSink sink) { on_curve_ = std::move(sink); }
  // Scores made from now on say that this was declared before, see fingerprint() of declare.h.
  void score_under(std::string declared) { declared_ = std::move(declared); }
  // Writes to the log what the data is, and what tasks said while it was read.
  void log_data() const;

  // Trains and scores; afterwards work(stage) has all entries.
  void run(std::size_t stage, Progress& progress);
  // What run() will do, in the units of Progress.
  std::int64_t size_of_work(std::size_t stage) const;

  // The files of every data set of the plan.
  std::map<DatasetKey, std::map<std::string, std::filesystem::path>> files();

 private:
  struct StageState {
    std::unique_ptr<Encoder> encoder;  // null: not in memory
    StageHeads heads;
  };

  const LoadedDataset& data(const DatasetKey& key) const { return data_.at(key); }
  std::vector<DatasetKey> data_of(std::size_t stage) const;
  void load_tokenizer();
  std::unique_ptr<Encoder> open_encoder(std::size_t stage) const;
  void train_unless_there(std::size_t stage, const std::vector<std::string>& needed,
                          StageState& state, Progress& progress);
  void train(std::size_t stage, StoreClaim& claim, Encoder& encoder, StageHeads& heads,
             Progress& progress);
  void make_room();
  void bring_back(std::size_t stage, StageState& state, Progress& progress);
  std::vector<std::string> save(const Stage& stage, const Encoder& encoder, const StageHeads& heads,
                                const std::filesystem::path& folder) const;
  void score(std::size_t stage, StageState& state, Progress& progress);
  StoreEntry score(std::size_t stage, std::size_t group, const StageState& state, StoreClaim& claim,
                   Progress& progress);
  std::int64_t work_of_steps(const Stage& stage, std::int64_t steps) const;
  std::function<void(const LockOwner&)> waiting(const std::string& what, Progress& progress) const;

  const Study& study_;
  TaskCatalog& tasks_;
  const RunOptions& options_;
  const EncoderConfig config_;
  const Plan plan_;
  KeyMaker maker_;
  const PlanKeys keys_;
  StageStore store_;
  std::vector<StageWork> work_;
  std::unique_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<StageTrainer> trainer_;
  std::map<DatasetKey, LoadedDataset> data_;
  CurveSink on_curve_;
  std::string declared_;
  std::vector<LogLine> said_by_tasks_;  // while the data was read
};

}  // namespace sojourn
