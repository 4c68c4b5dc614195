#include "core/run/stage_work.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/last_words.h"
#include "core/base/text.h"
#include "core/data/files.h"
#include "core/model/peft.h"
#include "core/run/heads_file.h"
#include "core/train/trained_state.h"

namespace sojourn {

namespace fs = std::filesystem;

StageWorker::StageWorker(const Study& study, TaskCatalog& tasks, const RunOptions& options)
    : study_(study),
      tasks_(tasks),
      options_(options),
      config_(read_encoder_config(study.encoder)),
      plan_(make_plan(study, tasks, config_, MissingFiles::kRefuse)),
      maker_(study, tasks, numerics(options.machine)),
      keys_(keys_of(plan_, maker_)),
      store_(options.store) {
  for (const auto& [key, files] : maker_.known_files()) {
    // Says what is missing, as the data itself would.
    if (!files.error.empty())
      find_files(tasks.task(key.task).manifest(), key.split, key.language, study.data_root,
                 key.files);
  }
  work_ = find_work(plan_, keys_, store_, Check::kContent);
}

std::vector<DatasetKey> StageWorker::data_of(std::size_t s) const {
  std::vector<DatasetKey> needed;
  const Stage& stage = plan_.stages[s];
  const StageWork& work = work_[s];
  if (work.done()) return needed;
  for (const auto& training : stage.training) {
    // Heads know the number of labels from the data.
    needed.insert(needed.end(), training.data.begin(), training.data.end());
    if (training.dev) needed.push_back(*training.dev);
  }
  for (const std::size_t g : work.to_score) {
    for (const Scoring* scoring : keys_.stages[s].groups[g]) {
      needed.push_back(scoring->data);
      if (scoring->tuning) needed.push_back(*scoring->tuning);
    }
  }
  return needed;
}

void StageWorker::load_tokenizer() {
  tokenizer_ = Tokenizer::load(study_.encoder);
  if (tokenizer_->id_count() <= config_.vocab_size) return;
  throw input_error(study_.encoder.string(),
                    "the tokenizer has ids up to " + std::to_string(tokenizer_->id_count() - 1) +
                        ", but the encoder has only " + std::to_string(config_.vocab_size) +
                        " embedding rows (vocab_size in config.json)");
}

void StageWorker::prepare(const std::set<std::size_t>& stages) {
  std::set<DatasetKey> needed;
  for (const std::size_t s : stages) {
    for (auto& key : data_of(s)) needed.insert(std::move(key));
  }
  if (needed.empty()) return;
  if (tokenizer_ == nullptr) load_tokenizer();
  const DataContext context{study_.data_root, tokenizer_.get(), config_.vocab_size,
                            options_.machine.threads, options_.cache};
  const CapturedLog log;  // the run's own doesn't exist before all data is known to be good
  for (const auto& key : needed) {
    throw_if_interrupted();
    if (!data_.contains(key)) data_.emplace(key, load_dataset(tasks_.task(key.task), key, context));
  }
  maker_.check_data();
  for (auto& line : log.lines()) said_by_tasks_.push_back(std::move(line));
  trainer_ = std::make_unique<StageTrainer>(
      tasks_, [this](const DatasetKey& key) -> const LoadedDataset& { return data(key); },
      options_.machine, *tokenizer_);
  for (const std::size_t s : stages) {
    if (work_[s].train) trainer_->check_data(plan_.stages[s]);
  }
  open_encoder(0);  // its weights are read and checked before anything is written
}

void StageWorker::keep_for(const fs::path& run) {
  store_.keep_for(run, entries_of(keys_));
  work_ = find_work(plan_, keys_, store_, Check::kPresence);
}

void StageWorker::log_data() const {
  for (const auto& line : said_by_tasks_) spdlog::log(line.level, "{}", line.text);
  for (const auto& [key, loaded] : data_) {
    spdlog::info("data: {}: {} examples, {} features, {} pieces", name_of(key), loaded.examples,
                 loaded.features.size(), size_of(loaded).pieces);
    if (!loaded.left_out.empty()) {
      spdlog::warn("data: {}: left out, since not there: {}", name_of(key),
                   join(loaded.left_out, ", "));
    }
  }
}

std::int64_t StageWorker::size_of_work(std::size_t s) const {
  const Stage& stage = plan_.stages[s];
  std::int64_t work = 0;
  for (const std::size_t g : work_[s].to_score) {
    for (const Scoring* scoring : keys_.stages[s].groups[g])
      work += size_of(data(scoring->data)).pieces;
  }
  return work_[s].train ? work + work_of_steps(stage, trainer_->steps(stage)) : work;
}

std::int64_t StageWorker::work_of_steps(const Stage& stage, std::int64_t steps) const {
  std::vector<DatasetSize> sizes;
  for (const auto& training : stage.training) {
    DatasetSize& all = sizes.emplace_back();
    for (const auto& key : training.data) {
      const auto size = size_of(data(key));
      all.features += size.features;
      all.pieces += size.pieces;
    }
  }
  return std::llround(Progress::kTrainingWork * pieces_of_step(stage, sizes) *
                      static_cast<double>(steps));
}

// Of stage 0, the study's own; of others, what they left: of a stage that adapts, the encoder that
// it started from with its adapter.
std::unique_ptr<Encoder> StageWorker::open_encoder(std::size_t s) const {
  const Stage& stage = plan_.stages[s];
  if (adapts(stage)) {
    auto encoder = open_encoder(*stage.parent);
    apply_adapter(work_[s].trained->folder / kAdapterFolder, *encoder, stage.recipe.adapter.merge);
    return encoder;
  }
  auto encoder = std::make_unique<Encoder>(
      s == 0 ? study_.encoder : work_[s].trained->folder / kEncoderFolder, options_.machine.device);
  if (s == 0) maker_.check_encoder();
  encoder->set_precision(options_.machine.precision);
  return encoder;
}

std::function<void(const LockOwner&)> StageWorker::waiting(const std::string& what,
                                                           Progress& progress) const {
  return [said = false, what, &progress](const LockOwner& owner) mutable {
    if (!std::exchange(said, true)) {
      progress.note("  " + what + ": waiting for process " + std::to_string(owner.process) +
                    " on " + owner.host + ", which is at it");
    }
  };
}

void StageWorker::run(std::size_t s, Progress& progress) {
  const Stage& stage = plan_.stages[s];
  StageWork& work = work_[s];
  if (work.done()) return;
  const CurrentStage current(stage.id.c_str());
  spdlog::info("stage {} begins, key {}", stage.id, keys_.stages[s].training.key);
  StageState state;
  // Weights that only scoring needs are made again when it comes to that: another process may have
  // scored the stage, and dropped them, in between.
  if (stage.parent)
    train_unless_there(s, keeps_weights(stage) ? weight_files(stage) : std::vector<std::string>(),
                       state, progress);
  work.train = false;
  score(s, state, progress);
}

// For what a stage needs while it is trained.
void StageWorker::make_room() {
  const auto enough = [&] {
    std::error_code unknown;
    const auto space = fs::space(store_.root(), unknown);
    return unknown || space.available >= training_bytes(config_);
  };
  const std::size_t dropped = drop_weights(work_, store_, enough);
  if (dropped > 0)
    spdlog::info("the disk is short: weights of {} scored stages were dropped", dropped);
}

// Fills `state` only where this process has trained it.
void StageWorker::train_unless_there(std::size_t s, const std::vector<std::string>& needed,
                                     StageState& state, Progress& progress) {
  const Stage& stage = plan_.stages[s];
  const EntryName name = stage_entry(keys_.stages[s].training);
  auto claim = store_.claim(name, waiting(stage.id, progress), needed);
  progress.waited();
  if (!claim) {  // it was there, or another process has made it meanwhile
    work_[s].trained = store_.find(name);
    if (!work_[s].trained)
      throw Error(ErrorKind::kInternal, "stage " + stage.id, "is gone from the store again");
    return;
  }
  make_room();
  state.encoder = open_encoder(*stage.parent);
  state.heads = trainer_->new_heads(stage, config_);
  std::vector<std::string> names;
  for (const auto& head : state.heads) names.push_back(head.first);
  spdlog::info("stage {}: heads made new: {}", stage.id, join(names, ", "));
  train(s, *claim, *state.encoder, state.heads, progress);
}

void StageWorker::train(std::size_t s, StoreClaim& claim, Encoder& encoder, StageHeads& heads,
                        Progress& progress) {
  const Stage& stage = plan_.stages[s];
  const ContentKey& key = keys_.stages[s].training;
  const std::int64_t n = trainer_->steps(stage);
  const auto result = trainer_->train(
      stage, encoder, heads,
      {claim.folder(), key.key, study_.checkpoint.steps, study_.checkpoint.minutes},
      {.step = [&](const StepReport& step) { progress.training(step, n); },
       .resumed =
           [&](std::int64_t step) {
             progress.skip(work_of_steps(stage, step));
             progress.note("  " + stage.id + ": goes on after step " + thousands(step));
             spdlog::info("stage {} goes on from its checkpoint after step {}", stage.id, step);
           },
       .curve =
           [&](const std::string& lines) {
             if (on_curve_) on_curve_(stage, lines);
           }});
  write_file(claim.folder() / kCurveFile, result.curve);
  auto names = save(stage, encoder, heads, claim.folder());
  names.emplace_back(kCurveFile);
  const nlohmann::ordered_json record{{"id", stage.id},
                                      {"study", study_.name},
                                      {"encoder", keys_.stages[0].training.key},
                                      {"steps", result.steps},
                                      {"best_step", result.best ? result.best->step : result.steps},
                                      {"seconds", progress.stage_seconds()},
                                      {"real_tokens_per_second", progress.tokens_per_second()},
                                      {"parts", key.parts}};
  work_[s].trained = claim.publish(record, names);
  const std::string best = result.best ? ", best evaluation " + std::to_string(result.best->score) +
                                             " after step " + thousands(result.best->step)
                                       : "";
  spdlog::info("stage {} trained: {} steps, {:.0f} real tokens/s, {}{}", stage.id, result.steps,
               progress.tokens_per_second(), duration(progress.stage_seconds()), best);
  progress.note("  " + stage.id + ": " + thousands(result.steps) + " steps in " +
                duration(progress.stage_seconds()) + ", " +
                thousands(std::llround(progress.tokens_per_second())) + " tokens/s" + best);
}

// Returns the names of what it wrote. Folders are made anew: a process that was killed while it
// wrote there may have left half a file.
std::vector<std::string> StageWorker::save(const Stage& stage, const Encoder& encoder,
                                           const StageHeads& heads, const fs::path& folder) const {
  for (const char* name : {kAdapterFolder, kEncoderFolder}) fs::remove_all(folder / name);
  if (adapts(stage)) {
    save_adapter(folder / kAdapterFolder, encoder);
    save_heads(folder / kHeadsFile, heads);
    return {kAdapterFolder, kHeadsFile};
  }
  if (stage.keep) {
    encoder.save(folder / kEncoderFolder);
    save_heads(folder / kHeadsFile, heads);
    return {kEncoderFolder, kHeadsFile};
  }
  std::vector<const TaskHead*> list;
  for (const auto& entry : heads) list.push_back(&entry.second);
  save_trained_state(folder / kStateFile, encoder, list);
  return {kStateFile};
}

// For scoring, unless this process has just trained it.
void StageWorker::bring_back(std::size_t s, StageState& state, Progress& progress) {
  const Stage& stage = plan_.stages[s];
  if (!stage.parent) {
    state.encoder = open_encoder(s);
    return;
  }
  train_unless_there(s, weight_files(stage), state, progress);
  if (state.encoder != nullptr) return;
  state.heads = trainer_->new_heads(stage, config_);
  const fs::path folder = work_[s].trained->folder;
  if (keeps_weights(stage)) {
    state.encoder = open_encoder(s);
    load_heads(folder / kHeadsFile, state.heads);
    return;
  }
  state.encoder = open_encoder(*stage.parent);
  std::vector<TaskHead*> list;
  for (auto& entry : state.heads) list.push_back(&entry.second);
  apply_trained_state(folder / kStateFile, *state.encoder, list);
}

void StageWorker::score(std::size_t s, StageState& state, Progress& progress) {
  const auto& of_stage = keys_.stages[s];
  StageWork& work = work_[s];
  for (const std::size_t g : work.to_score) {
    const EntryName name = score_entry(of_stage.scorings[g]);
    auto claim = store_.claim(name, waiting(plan_.stages[s].id + ", scores", progress));
    progress.waited();
    if (claim) {
      if (state.encoder == nullptr) bring_back(s, state, progress);
      work.scored[g] = score(s, g, state, *claim, progress);
    } else {
      work.scored[g] = store_.find(name);
    }
  }
  work.to_score.clear();
}

StoreEntry StageWorker::score(std::size_t s, std::size_t g, const StageState& state,
                              StoreClaim& claim, Progress& progress) {
  const auto& of_stage = keys_.stages[s];
  StageScorer scorer(
      *state.encoder, state.heads, tasks_,
      [this](const DatasetKey& key) -> const LoadedDataset& { return data(key); },
      tokenizer_->pad_id());
  const auto records = scorer.score(of_stage.groups[g], [&](const Scoring& scoring) {
    progress.scoring(name_of(scoring.data), size_of(data(scoring.data)).pieces);
  });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < records.size(); ++i) {
    names.push_back(predictions_name(i));
    write_file(claim.folder() / names.back(), records[i].predictions);
  }
  return claim.publish({{"id", plan_.stages[s].id},
                        {"study", study_.name},
                        {"declared", declared_},
                        {"scores", to_json(records)},
                        {"parts", of_stage.scorings[g].parts}},
                       names);
}

std::map<DatasetKey, std::map<std::string, fs::path>> StageWorker::files() {
  std::map<DatasetKey, std::map<std::string, fs::path>> all;
  for (const auto& [key, found] : maker_.known_files()) all.emplace(key, found.files);
  return all;
}

}  // namespace sojourn
