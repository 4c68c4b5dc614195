#include "core/run/plan_report.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/languages.h"
#include "core/plan/hypotheses.h"
#include "core/report/table.h"
#include "core/run/living_line.h"
#include "core/run/progress.h"
#include "core/run/stage_trainer.h"

namespace sojourn {

namespace {

class Reporter {
 public:
  Reporter(const Study& study, TaskCatalog& tasks, const PlanOptions& options)
      : study_(study),
        tasks_(tasks),
        options_(options),
        config_(read_config()),
        plan_(make_plan(study, tasks, config_, MissingFiles::kNote)),
        maker_(study, tasks, numerics(options.machine)),
        keys_(keys_of(plan_, maker_)),
        store_(options.store),
        work_(find_work(plan_, keys_, store_, Check::kPresence)) {
    check_hypotheses(study, languages_of(study).grouping, plan_);
  }

  PlanReport make() {
    report_.study = study_.name;
    report_.machine = machine_text(options_.machine);
    report_.threads = options_.machine.threads;
    report_.naive_trainings = plan_.naive_trainings;
    report_.missing.insert(report_.missing.end(), plan_.missing.begin(), plan_.missing.end());
    for (const auto& what : maker_.missing()) {
      if (std::find(report_.missing.begin(), report_.missing.end(), what) == report_.missing.end())
        report_.missing.push_back(what);
    }
    find_rate();
    for (std::size_t s = 0; s < plan_.stages.size(); ++s) report_.stages.push_back(planned(s));
    if (config_) {
      report_.peak_disk = disk(/*least=*/false);
      report_.least_disk = disk(/*least=*/true);
    }
    return std::move(report_);
  }

 private:
  std::optional<EncoderConfig> read_config() {
    try {
      return read_encoder_config(study_.encoder);
    } catch (const Error& error) {
      if (std::filesystem::exists(study_.encoder / "config.json")) throw;
      report_.missing.emplace_back(error.what());
      return std::nullopt;
    }
  }

  // The median of what stages of the same encoder reached on such a machine.
  void find_rate() {
    if (options_.rate) {
      report_.rate = options_.rate;
      report_.rate_source = "as given";
      return;
    }
    auto same_machine = nlohmann::json(numerics(options_.machine));
    same_machine["host"] = kNumericsVersion;
    std::vector<double> rates;
    for (const auto& entry : stored_stages(store_)) {
      const auto& record = entry.record;
      if (record.at("encoder") != keys_.stages[0].training.key) continue;
      if (nlohmann::json(record.at("parts").at("numerics")) != same_machine) continue;
      const double rate = record.at("real_tokens_per_second");
      if (rate > 0) rates.push_back(rate);  // 0: resumed when all steps were done
    }
    if (rates.empty()) return;
    std::nth_element(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2),
                     rates.end());
    report_.rate = rates[rates.size() / 2];
    report_.rate_source = "median of " + std::to_string(rates.size()) + " stages in the store";
  }

  std::optional<DatasetSize> size(const DatasetKey& key) {
    const auto [found, fresh] = sizes_.emplace(key, std::nullopt);
    const auto& files = maker_.files(key);
    if (fresh && files.error.empty() && !maker_.tokenizer().empty()) {
      found->second =
          cached_size(tasks_.task(key.task), key, files.files, maker_.tokenizer(), options_.cache);
    }
    return found->second;
  }

  PlannedStage planned(std::size_t s) {
    const Stage& stage = plan_.stages[s];
    const StageWork& work = work_[s];
    const auto& of_stage = keys_.stages[s];
    PlannedStage made;
    made.id = stage.id;
    made.key = of_stage.training.key;
    made.parent = stage.parent;
    for (const auto& training : stage.training) made.tasks.push_back(training.task);
    made.scores = of_stage.groups.size();
    made.scores_there = made.scores - work.to_score.size();
    made.train = work.train;
    made.there = work.trained.has_value();
    if (s > 0) add_training(stage, made);
    add_scoring(s, made);
    const bool known = report_.rate && made.scored_tokens && (!made.train || made.tokens);
    if (known) {
      const double trained = made.train ? static_cast<double>(*made.tokens) : 0;
      made.seconds =
          (trained + static_cast<double>(*made.scored_tokens) / Progress::kTrainingWork) /
          *report_.rate;
    }
    return made;
  }

  void add_training(const Stage& stage, PlannedStage& made) {
    std::vector<std::int64_t> features;
    std::vector<DatasetSize> sizes;
    for (const auto& training : stage.training) {
      DatasetSize& all = sizes.emplace_back();
      for (const auto& key : training.data) {
        const auto found = size(key);
        if (!found) {
          made.steps = stage.recipe.steps;
          return;
        }
        all.features += found->features;
        all.pieces += found->pieces;
      }
      features.push_back(all.features);
    }
    made.steps = steps_of(stage, features);
    made.tokens = std::llround(pieces_of_step(stage, sizes) * static_cast<double>(*made.steps));
  }

  void add_scoring(std::size_t s, PlannedStage& made) {
    std::int64_t tokens = 0;
    for (const std::size_t g : work_[s].to_score) {
      for (const Scoring* scoring : keys_.stages[s].groups[g]) {
        const auto found = size(scoring->data);
        if (!found) return;
        tokens += found->pieces;
      }
    }
    made.scored_tokens = tokens;
  }

  // Weights pile up; beside them there are checkpoints of one stage. Adapters are a few percent of
  // that. `least`: without the weights of targets that are scored, which go where the disk is
  // short.
  std::uintmax_t disk(bool least) const {
    const std::uintmax_t whole = weight_bytes(*config_);
    std::uintmax_t kept = 0;
    std::uintmax_t peak = 0;
    for (std::size_t s = 1; s < plan_.stages.size(); ++s) {
      const Stage& stage = plan_.stages[s];
      if (adapts(stage)) continue;
      if (work_[s].train) peak = std::max(peak, kept + training_bytes(*config_));
      const bool any = work_[s].train || work_[s].trained;
      if (any && (stage.keep || !least)) kept += whole;
      peak = std::max(peak, kept);
    }
    return peak;
  }

  const Study& study_;
  TaskCatalog& tasks_;
  const PlanOptions& options_;
  PlanReport report_;
  const std::optional<EncoderConfig> config_;
  const Plan plan_;
  KeyMaker maker_;
  const PlanKeys keys_;
  StageStore store_;
  const std::vector<StageWork> work_;
  std::map<DatasetKey, std::optional<DatasetSize>> sizes_;
};

std::string or_unknown(const std::optional<std::int64_t>& number) {
  return number ? thousands(*number) : "?";
}

std::string state(const PlannedStage& stage) {
  const std::string scores =
      std::to_string(stage.scores_there) + " of " + std::to_string(stage.scores) + " scores there";
  if (stage.train) return stage.there ? "to train again: its weights are gone" : "to train";
  return stage.scores_there == stage.scores ? "there" : scores;
}

}  // namespace

std::size_t PlanReport::left() const {
  return static_cast<std::size_t>(
      std::count_if(stages.begin(), stages.end(), [](const auto& stage) { return stage.train; }));
}

PlanReport report_plan(const Study& study, TaskCatalog& tasks, const PlanOptions& options) {
  return Reporter(study, tasks, options).make();
}

std::string plan_table(const PlanReport& report) {
  std::vector<std::vector<std::string>> lines{
      {"stage", "key", "starts from", "trains", "steps", "tokens", "time", "scores", "state"}};
  double seconds = 0;
  bool all_known = true;
  for (const auto& stage : report.stages) {
    seconds += stage.seconds.value_or(0);
    all_known = all_known && stage.seconds;
    const bool first = !stage.parent;
    if (first && stage.scores == 0) continue;
    lines.push_back({stage.id, stage.key, first ? "-" : report.stages[*stage.parent].id,
                     first ? "-" : join(stage.tasks, " + "), first ? "-" : or_unknown(stage.steps),
                     first ? "-" : or_unknown(stage.tokens),
                     stage.seconds ? duration(*stage.seconds) : "?", std::to_string(stage.scores),
                     state(stage)});
  }
  std::string text = left_aligned(lines) + "\n";
  text += std::to_string(report.trainings()) +
          " training stages, where training every path on its own takes " +
          std::to_string(report.naive_trainings) + "; " +
          std::to_string(report.trainings() - report.left()) + " are in the store, " +
          std::to_string(report.left()) + " are left to train.\n";
  if (report.rate) {
    text += "Left: " + std::string(all_known ? "" : "more than ") + duration(seconds) + " at " +
            thousands(std::llround(*report.rate)) + " real tokens a second (" + report.rate_source +
            ").\n";
  } else {
    text +=
        "Times are unknown: no stage of this encoder was trained on such a machine; give --rate.\n";
  }
  if (report.peak_disk) {
    text += "The store grows to " + bytes_text(*report.peak_disk) + " at most";
    if (report.least_disk < report.peak_disk)
      text += ", or gets by on " + bytes_text(*report.least_disk) + " where the disk is short";
    text += ".\n";
  }
  if (!report.missing.empty()) {
    text += "\nProvisional, since these aren't there:\n";
    for (const auto& what : report.missing) text += "  " + what + "\n";
  }
  return text;
}

std::string plan_json(const PlanReport& report) {
  using nlohmann::ordered_json;
  const auto or_null = [](const auto& value) {
    return value ? ordered_json(*value) : ordered_json();
  };
  ordered_json stages = ordered_json::array();
  for (const auto& stage : report.stages) {
    stages.push_back(
        {{"id", stage.id},
         {"key", stage.key},
         {"parent", stage.parent ? ordered_json(report.stages[*stage.parent].key) : ordered_json()},
         {"tasks", stage.tasks},
         {"steps", or_null(stage.steps)},
         {"tokens", or_null(stage.tokens)},
         {"scored_tokens", or_null(stage.scored_tokens)},
         {"seconds", or_null(stage.seconds)},
         {"scores", stage.scores},
         {"scores_there", stage.scores_there},
         {"train", stage.train}});
  }
  const ordered_json plan{{"study", report.study},
                          {"machine", report.machine},
                          {"training_stages", report.trainings()},
                          {"naive_trainings", report.naive_trainings},
                          {"to_train", report.left()},
                          {"rate", or_null(report.rate)},
                          {"peak_disk", or_null(report.peak_disk)},
                          {"least_disk", or_null(report.least_disk)},
                          {"provisional", !report.missing.empty()},
                          {"missing", report.missing},
                          {"stages", stages}};
  return plan.dump(2) + "\n";
}

}  // namespace sojourn
