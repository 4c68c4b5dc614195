#include "core/run/run_study.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/data/features.h"
#include "core/plan/plan.h"
#include "core/report/results.h"
#include "core/report/table.h"
#include "core/run/output_folder.h"
#include "core/run/progress.h"
#include "core/run/run_manifest.h"
#include "core/run/stage_scorer.h"
#include "core/train/trainer.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

class Runner {
 public:
  Runner(const Study& study, TaskCatalog& tasks, const RunOptions& options)
      : study_(study),
        tasks_(tasks),
        options_(options),
        config_(read_encoder_config(study.encoder)),
        tokenizer_(load_tokenizer()),
        plan_(make_plan(study, tasks, config_)) {}

  RunSummary run() {
    load_data();
    open_encoder(study_.encoder);  // its weights are read and checked before anything is written
    OutputFolder out(options_.out);
    log_to_file(out.path("log.txt"));
    log_start();
    out.write("study.toml", resolved_toml(study_));
    Progress progress(plan_.stages.size() - 1, total_work());
    RunSummary summary;
    try {
      for (std::size_t s = 0; s < plan_.stages.size(); ++s) run_stage(s, out, progress);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCancelled) throw;
      summary.interrupted = true;
    }
    return finish(std::move(summary), out);
  }

 private:
  std::unique_ptr<const Tokenizer> load_tokenizer() const {
    auto tokenizer = Tokenizer::load(study_.encoder);
    if (tokenizer->id_count() > config_.vocab_size) {
      throw input_error(study_.encoder.string(),
                        "the tokenizer has ids up to " + std::to_string(tokenizer->id_count() - 1) +
                            ", but the encoder has only " + std::to_string(config_.vocab_size) +
                            " embedding rows (vocab_size in config.json)");
    }
    return tokenizer;
  }

  std::unique_ptr<Encoder> open_encoder(const fs::path& directory) const {
    auto encoder = std::make_unique<Encoder>(directory, options_.machine.device);
    encoder->set_precision(options_.machine.precision);
    return encoder;
  }

  const LoadedDataset& data(const DatasetKey& key) const { return data_.at(key); }

  void load_data() {
    std::set<DatasetKey> needed;
    for (std::size_t s = 0; s < plan_.stages.size(); ++s) {
      if (s > 0) needed.insert(plan_.stages[s].training);
      for (const auto& scoring : plan_.stages[s].scorings) {
        needed.insert(scoring.data);
        if (scoring.tuning) needed.insert(*scoring.tuning);
      }
    }
    const DataContext context{study_.data_root, tokenizer_.get(), config_.vocab_size,
                              options_.machine.threads, options_.cache};
    const CapturedLog log;  // the run's own doesn't exist before all data is known to be good
    for (const auto& key : needed) {
      throw_if_interrupted();
      data_.emplace(key, load_dataset(tasks_.task(key.task), key.split, key.language,
                                      key.max_tokens, key.limit, context));
    }
    said_by_tasks_ = log.lines();
  }

  static std::int64_t pieces(const LoadedDataset& loaded) {
    std::int64_t sum = 0;
    for (std::int64_t feature = 0; feature < loaded.features.size(); ++feature)
      sum += loaded.features.pieces(feature);
    return sum;
  }

  std::int64_t steps(const Stage& stage) const {
    if (stage.recipe.steps) return *stage.recipe.steps;
    const auto n = data(stage.training).features.size();
    const auto batches = (n + stage.recipe.batch_size - 1) / stage.recipe.batch_size;
    return std::max<std::int64_t>(
        1, std::llround(std::ceil(stage.recipe.epochs * static_cast<double>(batches))));
  }

  std::int64_t work(std::size_t s) const {
    const Stage& stage = plan_.stages[s];
    std::int64_t sum = 0;
    for (const auto& scoring : stage.scorings) sum += pieces(data(scoring.data));
    if (s == 0) return sum;
    const auto& training = data(stage.training);
    const double per_feature =
        static_cast<double>(pieces(training)) / static_cast<double>(training.features.size());
    return sum + std::llround(3 * per_feature *
                              static_cast<double>(stage.recipe.batch_size * steps(stage)));
  }

  std::int64_t total_work() const {
    std::int64_t sum = 0;
    for (std::size_t s = 0; s < plan_.stages.size(); ++s) sum += work(s);
    return sum;
  }

  void log_start() const {
    const auto& machine = options_.machine;
    spdlog::info("study '{}': {} stages to train, encoder {}", study_.name, plan_.stages.size() - 1,
                 study_.encoder.string());
    spdlog::info("device {}, {} threads, precision {}: {}", machine.device.str(), machine.threads,
                 name_of(machine.precision), machine.reason);
    for (const auto& line : said_by_tasks_) spdlog::log(line.level, "{}", line.text);
    for (const auto& [key, loaded] : data_) {
      spdlog::info("data: {} {} {}: {} examples, {} features, {} pieces", key.task, key.split,
                   key.language, loaded.examples, loaded.features.size(), pieces(loaded));
      if (!loaded.left_out.empty()) {
        spdlog::warn("data: {} {} {}: left out, since not there: {}", key.task, key.split,
                     key.language, join(loaded.left_out, ", "));
      }
    }
  }

  // The folder that a stage's encoder is read from: that of the stage, if it keeps one.
  fs::path encoder_folder(std::size_t s, const OutputFolder& out) const {
    return s == 0 ? study_.encoder : out.path(fs::path("encoders") / plan_.stages[s].id);
  }

  void run_stage(std::size_t s, const OutputFolder& out, Progress& progress) {
    const Stage& stage = plan_.stages[s];
    if (s == 0 && stage.scorings.empty()) return;
    if (stage.parent && failed_.contains(*stage.parent)) {
      fail(s, "starts from " + plan_.stages[*stage.parent].id + ", which failed", progress);
      return;
    }
    progress.begin_stage(s, stage.id);
    spdlog::info("stage {} begins", stage.id);
    try {
      const auto encoder =
          open_encoder(s == 0 ? study_.encoder : encoder_folder(*stage.parent, out));
      TaskHead head;
      if (s > 0) head = train_stage(stage, *encoder, out, progress);
      const auto rows = score_stage(stage, *encoder, head.head.get(), out, progress);
      if (stage.keep) encoder->save(encoder_folder(s, out));
      rows_.insert(rows_.end(), rows.reported.begin(), rows.reported.end());
      layer_rows_.insert(layer_rows_.end(), rows.of_layers.begin(), rows.of_layers.end());
      write_rows(out);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNumeric && error.kind() != ErrorKind::kPlugin) throw;
      fail(s, error.what(), progress);
    }
  }

  void fail(std::size_t s, const std::string& why, Progress& progress) {
    failed_.insert(s);
    failures_.push_back(plan_.stages[s].id + ": " + why);
    progress.skip(work(s));
    spdlog::error("stage {} failed: {}", plan_.stages[s].id, why);
  }

  TaskHead train_stage(const Stage& stage, Encoder& encoder, const OutputFolder& out,
                       Progress& progress) {
    Task& task = tasks_.task(stage.training.task);
    const RandomKey key{stage.seed, stage.role, 0};
    const auto labels = data(stage.training).labels.size();
    TaskHead head = make_head(task, encoder.config().hidden_size, static_cast<std::int64_t>(labels),
                              options_.machine.device, key);
    const Recipe& recipe = stage.recipe;
    const std::int64_t n = steps(stage);
    const TrainingSettings settings{
        stage.id,
        recipe.batch_size,
        std::min(recipe.micro_batch, recipe.batch_size),
        n,
        recipe.peak_lr,
        recipe.warmup,
        {.weight_decay = recipe.weight_decay, .max_grad_norm = recipe.max_grad_norm},
        key,
        tokenizer_->pad_id()};
    std::string curve;
    StepReport last;
    train(encoder, head, task.manifest(), data(stage.training).features, settings,
          [&](const StepReport& step) {
            progress.training(step, n);
            curve += curve_line(step);
            last = step;
          });
    out.write(fs::path("training") / (stage.id + ".jsonl"), curve);
    stages_.push_back({stage.id, n, progress.stage_seconds(), progress.tokens_per_second()});
    spdlog::info("stage {} trained: {} steps, last loss {:.4f}, {:.0f} real tokens/s, {}", stage.id,
                 n, last.loss, progress.tokens_per_second(), duration(progress.stage_seconds()));
    progress.note("  " + stage.id + ": " + thousands(n) + " steps in " +
                  duration(progress.stage_seconds()) + ", " +
                  thousands(std::llround(progress.tokens_per_second())) + " tokens/s");
    return head;
  }

  struct StageRows {
    std::vector<ResultRow> reported;
    std::vector<ResultRow> of_layers;  // of sweeps: every layer
  };

  StageRows score_stage(const Stage& stage, const Encoder& encoder, Head* head,
                        const OutputFolder& out, Progress& progress) {
    StageScorer scorer(
        encoder, head, tasks_,
        [this](const DatasetKey& key) -> const LoadedDataset& { return data(key); },
        tokenizer_->pad_id());
    StageRows rows;
    // Which layer of these is reported is known when the last of them is scored.
    std::vector<std::pair<const Scoring*, std::vector<LayerScores>>> choosing;
    for (const auto& scoring : stage.scorings) {
      const DatasetKey& key = scoring.data;
      auto found = scorer.score(scoring);
      progress.scoring(key.task + " " + key.split + " " + key.language, pieces(data(key)));
      if (found.front().scores.n == 0) {
        spdlog::warn("{} {} {} has no gold: predicted, not scored", key.task, key.split,
                     key.language);
      }
      if (scoring.sweep == SweepPart::kChooses) {
        choosing.emplace_back(&scoring, std::move(found));
      } else {
        report(stage, scoring, found, scorer, out, rows);
      }
    }
    for (const auto& [scoring, found] : choosing) report(stage, *scoring, found, scorer, out, rows);
    note_choices(stage, scorer, progress);
    return rows;
  }

  void report(const Stage& stage, const Scoring& scoring, const std::vector<LayerScores>& found,
              const StageScorer& scorer, const OutputFolder& out, StageRows& rows) const {
    for (const auto& [layer, scores] : found) {
      if (scoring.sweep != SweepPart::kNone)
        add_rows(stage, scoring, layer, scores, rows.of_layers);
      const bool wanted =
          scoring.sweep == SweepPart::kNone || layer == scorer.chosen_layer(scoring.target);
      if (!scoring.reported || !wanted) continue;
      add_rows(stage, scoring, layer, scores, rows.reported);
      write_predictions(scoring, scores, out);
    }
  }

  void add_rows(const Stage& stage, const Scoring& scoring, std::optional<std::int64_t> layer,
                const DatasetScores& scores, std::vector<ResultRow>& rows) const {
    const DatasetKey& key = scoring.data;
    for (const Cell& cell : scoring.cells) {
      for (const auto& metric : scores.metrics) {
        rows.push_back({study_.name, cell.arm, cell.target, key.task, cell.seed, key.language,
                        key.split, layer, metric.metric, metric.profile, metric.value, scores.n,
                        stage.id, metric.primary});
      }
    }
  }

  void write_predictions(const Scoring& scoring, const DatasetScores& scores,
                         const OutputFolder& out) const {
    const DatasetKey& key = scoring.data;
    const std::string lines =
        predictions_jsonl(scores.examples, tasks_.task(key.task).manifest().statistics);
    for (const Cell& cell : scoring.cells) {
      out.write(
          predictions_file(cell.arm, cell.target, cell.seed, split_name(cell, key), key.language),
          lines);
    }
  }

  void note_choices(const Stage& stage, const StageScorer& scorer, Progress& progress) const {
    std::map<std::string, std::vector<std::string>> chosen_on;  // by target
    for (const auto& scoring : stage.scorings) {
      if (scoring.sweep == SweepPart::kChooses)
        chosen_on[scoring.target].push_back(scoring.data.split + " " + scoring.data.language);
    }
    for (const auto& [target, sets] : chosen_on) {
      const std::string text = stage.id + ": layer " + std::to_string(scorer.chosen_layer(target)) +
                               " of " + std::to_string(config_.layers) + " for target '" + target +
                               "', chosen on " + join(sets, ", ");
      spdlog::info("stage {}", text);
      progress.note("  " + text);
    }
  }

  void write_rows(const OutputFolder& out) const {
    out.write("results.jsonl", results_jsonl(rows_));
    if (!layer_rows_.empty()) out.write("layers.jsonl", results_jsonl(layer_rows_));
  }

  // See predictions_file.
  std::string split_name(const Cell& cell, const DatasetKey& key) const {
    for (const auto& target : study_.targets) {
      if (target.name == cell.target && target.task != key.task) return key.split + "-" + key.task;
    }
    return key.split;
  }

  RunSummary finish(RunSummary summary, OutputFolder& out) {
    write_rows(out);
    out.write("manifest.json", run_manifest({study_, tasks_, options_.machine, data_, stages_,
                                             failures_, !summary.interrupted}));
    spdlog::info("the run {}", summary.interrupted ? "was interrupted" : "is complete");
    stop_log_file();
    if (summary.interrupted) {
      summary.out = out.publish_if_free();
    } else {
      out.publish();
      summary.out = options_.out;
    }
    summary.table = results_table(rows_, study_);
    summary.failed_stages = failures_;
    return summary;
  }

  const Study& study_;
  TaskCatalog& tasks_;
  const RunOptions& options_;
  const EncoderConfig config_;
  std::unique_ptr<const Tokenizer> tokenizer_;
  Plan plan_;
  std::map<DatasetKey, LoadedDataset> data_;
  std::vector<LogLine> said_by_tasks_;  // while the data was read
  std::vector<ResultRow> rows_;
  std::vector<ResultRow> layer_rows_;
  std::vector<TrainedStage> stages_;
  std::set<std::size_t> failed_;
  std::vector<std::string> failures_;
};

}  // namespace

RunSummary run_study(const Study& study, TaskCatalog& tasks, const RunOptions& options) {
  return Runner(study, tasks, options).run();
}

}  // namespace sojourn
