#include "core/plan/scorings.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/files.h"
#include "core/model/head_inputs.h"

namespace sojourn {

namespace {

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void check_choice(const Target& target, const std::vector<std::string>& languages) {
  if (target.choose_on.empty()) return;
  if (contains(languages, target.choose_on) && languages.size() > 1) return;
  throw input_error(target.where_of("choose_on"),
                    "'" + target.choose_on + "' chooses the layer for the other languages; " +
                        "expected it and another one among those scored: " + join(languages, " "));
}

std::optional<std::int64_t> limit_of(const Limit& limit, const std::string& split) {
  return split == "train" ? limit.train : split == "dev" ? limit.dev : limit.test;
}

}  // namespace

ScoringPlanner::ScoringPlanner(const Study& study, TaskCatalog& tasks,
                               const std::optional<EncoderConfig>& encoder, MissingFiles missing,
                               Plan& plan)
    : study_(study), tasks_(tasks), encoder_(encoder), missing_(missing), plan_(plan) {}

template <class Find>
void ScoringPlanner::look(const Find& find) {
  try {
    find();
  } catch (const Error& error) {
    if (missing_ == MissingFiles::kRefuse) throw;
    if (!contains(plan_.missing, error.what())) plan_.missing.emplace_back(error.what());
  }
}

// What decoding of `data` is tuned on: the dev split of its language, else the English one.
std::optional<DatasetKey> ScoringPlanner::tuning_data(const DatasetKey& data,
                                                      std::optional<std::int64_t> limit,
                                                      const std::string& where) {
  Task& scored = tasks_.task(data.task);
  if (!scored.tunes()) return std::nullopt;
  const auto& present = present_languages(scored.manifest(), "dev");
  for (const std::string& language : {data.language, std::string(kTrainingLanguage)}) {
    if (contains(present, language))
      return DatasetKey{data.task, "dev", language, data.max_tokens, limit};
  }
  look([&] {
    try {
      find_files(scored.manifest(), "dev", data.language, study_.data_root);
    } catch (const Error& error) {
      throw input_error(
          where, "task '" + data.task + "' learns its threshold on a dev split: " + error.what());
    }
  });
  return DatasetKey{data.task, "dev", data.language, data.max_tokens, limit};
}

void ScoringPlanner::score(std::size_t stage, Scoring wanted, const Cell& cell) {
  auto& scorings = plan_.stages[stage].scorings;
  const auto same = [&](const Scoring& s) {
    return s.data == wanted.data && s.head == wanted.head && s.layer == wanted.layer &&
           s.sweep == wanted.sweep && s.target == wanted.target;
  };
  auto found = std::find_if(scorings.begin(), scorings.end(), same);
  if (found == scorings.end()) found = scorings.insert(found, std::move(wanted));
  auto& cells = found->cells;
  if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells.push_back(cell);
}

void ScoringPlanner::add_dev(std::size_t stage, const TaskTraining& training, const Limit& limit,
                             const std::string& where, const Cell& cell) {
  const auto& manifest = tasks_.task(training.task).manifest();
  if (!manifest.splits.contains("dev")) return;
  const DatasetKey data{training.task, "dev", kTrainingLanguage, training.recipe.max_tokens,
                        limit.dev};
  score(stage, {.data = data, .head = training.head, .tuning = tuning_data(data, limit.dev, where)},
        cell);
}

void ScoringPlanner::check_untrained(const Target& target) const {
  if (!target.train.empty()) {
    throw input_error(
        target.where_of("train"),
        "task '" + target.task + "' is scored on the encoder as it is and trains nothing");
  }
  if (target.layers.empty()) return;
  if (target.layer) {
    if (target.choose_on.empty()) return;
    throw input_error(target.where_of("choose_on"),
                      "'layer' says which layer is reported, so there "
                      "is nothing to choose; expected only one of the two");
  }
  const bool tunes = tasks_.task(target.task).tunes();
  if (tunes && !target.choose_on.empty()) {
    throw input_error(
        target.where_of("choose_on"),
        "task '" + target.task + "' chooses its layer on its dev split, not on a language");
  }
  if (!tunes && target.choose_on.empty()) {
    throw input_error(target.where_of("layers"),
                      "task '" + target.task +
                          "' has no dev split to choose a layer on; expected choose_on = "
                          "LANGUAGE, which is then left out of the results, or layer = NUMBER, "
                          "which is then reported");
  }
}

std::int64_t ScoringPlanner::layer_of(const Target& target) const {
  const std::int64_t layer = target.layer.value_or(-1);
  return encoder_ ? resolve_layer(layer, *encoder_, target.where_of("layer")) : layer;
}

void ScoringPlanner::add_target(std::size_t stage, const Target& target, const std::string& head,
                                const Recipe& recipe, const Cell& cell) {
  const auto& manifest = tasks_.task(target.task).manifest();
  for (const auto& split : target.splits) {
    if (!manifest.splits.contains(split)) {
      throw input_error(target.where_of("split"),
                        "task '" + target.task + "' has no split '" + split + "'");
    }
    const auto found = languages(target, split);
    check_choice(target, found);
    for (const auto& language : found) {
      const DatasetKey data{target.task, split, language, recipe.max_tokens,
                            limit_of(target.limit, split)};
      Scoring wanted{
          .data = data, .head = head, .tuning = tuning_data(data, target.limit.dev, target.where)};
      if (!target.layers.empty()) {
        add_to_sweep(target, std::move(wanted), stage, cell);
        continue;
      }
      if (head.empty()) wanted.layer = layer_of(target);
      score(stage, std::move(wanted), cell);
    }
  }
}

// A task that tunes chooses on its dev splits, and scores the others at that layer alone: its test
// splits can be too large for the vectors of all layers. Where the study names the layer, nothing
// is chosen, and the same is scored.
void ScoringPlanner::add_to_sweep(const Target& target, Scoring wanted, std::size_t stage,
                                  const Cell& cell) {
  wanted.target = target.name;
  if (target.layer) wanted.layer = layer_of(target);
  if (!wanted.tuning) {
    const bool chooses = wanted.data.language == target.choose_on;
    wanted.sweep = chooses ? SweepPart::kChooses : SweepPart::kFollows;
    wanted.reported = !chooses;
    score(stage, std::move(wanted), cell);
    return;
  }
  score(stage,
        {.data = *wanted.tuning,
         .tuning = wanted.tuning,
         .layer = wanted.layer,
         .sweep = wanted.layer ? SweepPart::kFollows : SweepPart::kChooses,
         .target = target.name,
         .reported = contains(target.splits, "dev")},
        cell);
  if (wanted.data == *wanted.tuning) return;
  wanted.sweep = SweepPart::kChosen;
  score(stage, std::move(wanted), cell);
}

const std::vector<std::string>& ScoringPlanner::present_languages(const Manifest& manifest,
                                                                  const std::string& split) {
  const auto [found, fresh] = present_.try_emplace({manifest.name, split});
  if (fresh) found->second = languages_present(manifest, split, study_.data_root);
  return found->second;
}

std::vector<std::string> ScoringPlanner::languages(const Target& target, const std::string& split) {
  const auto& manifest = tasks_.task(target.task).manifest();
  for (const auto& language : target.languages) {
    if (contains(manifest.languages, language)) continue;
    throw input_error(target.where_of("languages"),
                      "task '" + target.task + "' has no language '" + language +
                          "'; it has: " + join(manifest.languages, " "));
  }
  if (!target.languages.empty()) return target.languages;
  const auto& present = present_languages(manifest, split);
  if (!present.empty()) return present;
  if (missed_.emplace(manifest.name, split).second)
    look([&] { find_files(manifest, split, manifest.languages.front(), study_.data_root); });
  return manifest.languages;
}

}  // namespace sojourn
