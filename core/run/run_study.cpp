#include "core/run/run_study.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/full_path.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/config/languages.h"
#include "core/plan/hypotheses.h"
#include "core/report/results.h"
#include "core/report/table.h"
#include "core/run/declare.h"
#include "core/run/event_file.h"
#include "core/run/explain.h"
#include "core/run/output_folder.h"
#include "core/run/run_manifest.h"
#include "core/run/stage_work.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

class Runner {
 public:
  Runner(const Study& study, TaskCatalog& tasks, const RunOptions& options)
      : study_(study),
        tasks_(tasks),
        options_(options),
        languages_(languages_of(study)),
        worker_(study, tasks, options) {
    check_hypotheses(study, languages_.grouping, plan());
  }

  RunSummary run() {
    check_apart();
    auto left = stages_left();
    worker_.prepare(left);
    const std::string under = fingerprint(study_, languages_);
    const Declared declared = declare(study_, tasks_, languages_, worker_, under);
    worker_.score_under(under);
    OutputFolder out(options_.out);
    worker_.keep_for(options_.out);
    if (auto now = stages_left(); now != left) {  // what was there is gone meanwhile
      left = std::move(now);
      worker_.prepare(left);
    }
    log_to_file(out.path("log.txt"));
    log_start(left);
    out.write("study.toml", resolved_toml(study_));
    out.write("declared.json", to_json(declared));
    worker_.on_curve(
        [&](const Stage& stage, const std::string& lines) { event_file(stage, out).add(lines); });
    left.erase(0);  // the encoder isn't counted as a stage
    Progress progress(left.size(), total_work());
    RunSummary summary;
    try {
      for (std::size_t s = 0; s < plan().stages.size(); ++s) {
        progress.begin_stage(
            static_cast<std::size_t>(std::distance(left.begin(), left.upper_bound(s))),
            plan().stages[s].id, worker_.size_of_work(s));
        run_stage(s, out, progress);
        progress.end_stage();
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCancelled) throw;
      summary.interrupted = true;
    }
    return finish(std::move(summary), out);
  }

 private:
  const Plan& plan() const { return worker_.plan(); }

  // The folder of the results is replaced as a whole.
  void check_apart() const {
    for (const auto& [what, path] :
         {std::pair("--store", options_.store), std::pair("encoder.path", study_.encoder),
          std::pair("data.root", study_.data_root)}) {
      if (!lies_in(path, options_.out)) continue;
      throw input_error(std::string(what) + " " + path.string(),
                        "lies in the folder of the results, " + options_.out.string() +
                            ", which this run replaces; expected one of them elsewhere");
    }
  }

  std::set<std::size_t> stages_left() const {
    std::set<std::size_t> left;
    for (std::size_t s = 0; s < plan().stages.size(); ++s) {
      if (!worker_.work(s).done()) left.insert(s);
    }
    return left;
  }

  std::int64_t total_work() const {
    std::int64_t sum = 0;
    for (std::size_t s = 0; s < plan().stages.size(); ++s) sum += worker_.size_of_work(s);
    return sum;
  }

  void log_start(const std::set<std::size_t>& left) const {
    const auto& machine = options_.machine;
    spdlog::info("study '{}': {} of {} stages are left to train or score, encoder {}, store {}",
                 study_.name, left.size(), plan().stages.size(), study_.encoder.string(),
                 options_.store.string());
    spdlog::info("device {}, {} threads, precision {}: {}", machine.device.str(), machine.threads,
                 name_of(machine.precision), machine.reason);
    worker_.log_data();
  }

  void run_stage(std::size_t s, const OutputFolder& out, Progress& progress) {
    const Stage& stage = plan().stages[s];
    if (stage.parent && failed_.contains(*stage.parent)) {
      fail(s, "starts from " + plan().stages[*stage.parent].id + ", which failed");
      return;
    }
    const bool changes = !worker_.work(s).done();
    try {
      worker_.run(s, progress);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNumeric && error.kind() != ErrorKind::kPlugin) throw;
      fail(s, error.what());
      return;
    }
    collect(s, out);
    if (changes) write_rows(out);  // so that they are there if the run ends here
  }

  void fail(std::size_t s, const std::string& why) {
    failed_.insert(s);
    failures_.push_back(plan().stages[s].id + ": " + why);
    spdlog::error("stage {} failed: {}", plan().stages[s].id, why);
  }

  // What the store has of a stage, as the run's own.
  void collect(std::size_t s, const OutputFolder& out) {
    const Stage& stage = plan().stages[s];
    const StageWork& work = worker_.work(s);
    if (stage.parent) {
      const StoreEntry& entry = *work.trained;
      const std::string curve = read_file(entry.folder / kCurveFile);
      out.write(fs::path("training") / (stage.id + ".jsonl"), curve);
      if (!event_files_.contains(stage.id)) event_file(stage, out).add(curve);  // not trained here
      event_files_.erase(stage.id);
      if (stage.keep)
        link_or_copy(entry.folder / (adapts(stage) ? kAdapterFolder : kEncoderFolder),
                     out.path(fs::path("encoders") / stage.id));
      nlohmann::ordered_json line{{"id", stage.id}, {"key", entry.name.key}};
      for (const char* name : {"steps", "best_step", "seconds", "real_tokens_per_second"})
        line[name] = entry.record.at(name);
      stages_.push_back(std::move(line));
    }
    const auto& groups = worker_.keys().stages[s].groups;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const StoreEntry& entry = work.scored[g].value();
      const auto records = score_records(entry.record.at("scores"));
      for (std::size_t i = 0; i < groups[g].size(); ++i) {
        const bool reported = add_rows(stage, *groups[g][i], records[i]);
        if (reported)
          write_predictions(*groups[g][i], read_file(entry.folder / predictions_name(i)), out);
      }
    }
  }

  // Of a stage whose curve is being told, for TensorBoard.
  EventFile& event_file(const Stage& stage, const OutputFolder& out) {
    const fs::path name = fs::path("tensorboard") / stage.id / "events.out.tfevents";
    return event_files_.try_emplace(stage.id, out.path(name)).first->second;
  }

  // Whether any of them is reported.
  bool add_rows(const Stage& stage, const Scoring& scoring, const ScoreRecord& record) {
    bool reported = false;
    for (const auto& layer : record.layers) {
      if (layer.n == 0) {
        spdlog::warn("{} has no gold: predicted, not scored", name_of(scoring.data));
      }
      if (scoring.sweep != SweepPart::kNone) add_rows(stage, scoring, layer, layer_rows_);
      if (scoring.sweep == SweepPart::kChooses && layer.chosen) {
        spdlog::info("stage {}: layer {} of {} for target '{}', chosen on {}", stage.id,
                     layer.layer.value(), worker_.encoder().layers, scoring.target,
                     name_of(scoring.data));
      }
      if (!scoring.reported || !layer.chosen) continue;
      add_rows(stage, scoring, layer, rows_);
      reported = true;
    }
    return reported;
  }

  void add_rows(const Stage& stage, const Scoring& scoring, const LayerRecord& layer,
                std::vector<ResultRow>& rows) const {
    const DatasetKey& key = scoring.data;
    for (const Cell& cell : scoring.cells) {
      for (const auto& metric : layer.metrics) {
        rows.push_back({study_.name, cell.arm, cell.target, key.task, cell.seed, key.language,
                        key.split, layer.layer, metric.metric, metric.profile, metric.value,
                        layer.n, stage.id, metric.primary});
      }
    }
  }

  void write_predictions(const Scoring& scoring, const std::string& lines,
                         const OutputFolder& out) const {
    const DatasetKey& key = scoring.data;
    for (const Cell& cell : scoring.cells) {
      out.write(
          predictions_file(cell.arm, cell.target, cell.seed, split_name(cell, key), key.language),
          lines);
    }
  }

  // See predictions_file.
  std::string split_name(const Cell& cell, const DatasetKey& key) const {
    std::string other_task = key.split + "-" + key.task;
    for (const auto& target : study_.targets) {
      if (target.name == cell.target && target.task != key.task) return other_task;
    }
    const auto trains_several = [&](const Arm& arm) {
      return arm.name == cell.arm && arm.intermediate && arm.intermediate->tasks().size() > 1;
    };
    const auto& arms = plan().arms;
    const bool several =
        cell.target.empty() && std::any_of(arms.begin(), arms.end(), trains_several);
    return several ? other_task : key.split;
  }

  void write_rows(const OutputFolder& out) const {
    out.write("results.jsonl", results_jsonl(rows_));
    if (!layer_rows_.empty()) out.write("layers.jsonl", results_jsonl(layer_rows_));
  }

  RunSummary finish(RunSummary summary, OutputFolder& out) {
    write_rows(out);
    out.write("manifest.json", run_manifest({study_, tasks_, options_.machine, worker_.files(),
                                             stages_, failures_, !summary.interrupted}));
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
  const StudyLanguages languages_;
  StageWorker worker_;
  std::vector<ResultRow> rows_;
  std::vector<ResultRow> layer_rows_;
  std::map<std::string, EventFile> event_files_;  // open ones, by stage
  nlohmann::ordered_json stages_ = nlohmann::ordered_json::array();
  std::set<std::size_t> failed_;
  std::vector<std::string> failures_;
};

}  // namespace

RunSummary run_study(const Study& study, TaskCatalog& tasks, const RunOptions& options) {
  return Runner(study, tasks, options).run();
}

void run_stage(const Study& study, TaskCatalog& tasks, const RunOptions& options,
               const std::string& name, const std::string& planned_for) {
  const std::string here = machine_text(options.machine);
  if (!planned_for.empty() && planned_for != here)
    throw input_error("stage " + name, "was planned for " + planned_for + "; this is " + here);
  StageWorker worker(study, tasks, options);
  const std::size_t s = find_stage(worker.plan(), worker.keys(), name);
  const auto& stages = worker.plan().stages;
  std::size_t missing = 0;  // the first on the way to it
  for (auto before = stages[s].parent.value_or(0); before != 0 && !worker.work(s).done();
       before = stages[before].parent.value_or(0)) {
    if (worker.work(before).train) missing = before;
  }
  if (missing != 0) {
    throw input_error("stage " + stages[s].id,
                      "starts from " + stages[missing].id +
                          ", which isn't in the store; first: sojourn stage STUDY " +
                          worker.keys().stages[missing].training.key);
  }
  if (!worker.work(s).done()) worker.prepare({s});
  worker.score_under(fingerprint(study, languages_of(study)));
  Progress progress(1, worker.size_of_work(s));
  progress.begin_stage(1, stages[s].id, worker.size_of_work(s));
  worker.run(s, progress);
}

}  // namespace sojourn
