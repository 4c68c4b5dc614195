#include "core/plan/plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/files.h"
#include "core/model/head_inputs.h"

namespace sojourn {

namespace {

class Planner {
 public:
  Planner(const Study& study, TaskCatalog& tasks, const EncoderConfig& encoder)
      : study_(study), tasks_(tasks), encoder_(encoder) {
    plan_.stages.push_back({"encoder", {}, false, 0, 0, {}, {}, {}});
  }

  Plan make() {
    for (const std::uint64_t seed : study_.seeds) {
      add_targets(kNoIntermediate, 0, seed);
      for (const auto& intermediate : study_.intermediates) {
        add_targets(intermediate.name, add_intermediate(intermediate, seed), seed);
      }
    }
    for (auto& stage : plan_.stages) {
      std::stable_partition(stage.scorings.begin(), stage.scorings.end(), is_needed_by_others);
    }
    return std::move(plan_);
  }

 private:
  // The task, with errors at the study's own line.
  Task& task(const std::string& name, const std::string& where) {
    try {
      return tasks_.task(name);
    } catch (const Error& error) {
      throw Error(error.kind(), where, error.what());
    }
  }

  Task& trainable(const std::string& name, const std::string& where) {
    Task& found = task(name, where);
    if (!found.manifest().head || !found.manifest().splits.contains("train")) {
      throw input_error(where, "task '" + name + "' has nothing to train on: it is only scored");
    }
    return found;
  }

  void check_tokens(const Recipe& recipe, const std::string& where) const {
    if (recipe.max_tokens > encoder_.max_tokens()) {
      throw input_error(where, "max_tokens is " + std::to_string(recipe.max_tokens) +
                                   ", the encoder takes at most " +
                                   std::to_string(encoder_.max_tokens()));
    }
  }

  // The stage of that description, made if there is none yet.
  std::size_t stage(Stage wanted, const std::string& where) {
    check_tokens(wanted.recipe, where);
    const auto same = [&](const Stage& s) {
      return s.parent == wanted.parent && s.seed == wanted.seed && s.role == wanted.role &&
             s.recipe == wanted.recipe && s.training == wanted.training;
    };
    const auto found = std::find_if(plan_.stages.begin(), plan_.stages.end(), same);
    if (found != plan_.stages.end()) return static_cast<std::size_t>(found - plan_.stages.begin());
    plan_.stages.push_back(std::move(wanted));
    return plan_.stages.size() - 1;
  }

  // What decoding of `data` is tuned on: the dev split of its language, else the English one.
  std::optional<DatasetKey> tuning_data(const DatasetKey& data,
                                        std::optional<std::int64_t> dev_limit,
                                        const std::string& where) const {
    Task& scored = tasks_.task(data.task);
    if (!scored.tunes()) return std::nullopt;
    const auto present = languages_present(scored.manifest(), "dev", study_.data_root);
    for (const std::string& language : {data.language, std::string(kTrainingLanguage)}) {
      if (std::find(present.begin(), present.end(), language) != present.end())
        return DatasetKey{data.task, "dev", language, data.max_tokens, dev_limit};
    }
    try {
      find_files(scored.manifest(), "dev", data.language, study_.data_root);
    } catch (const Error& error) {
      throw input_error(
          where, "task '" + data.task + "' learns its threshold on a dev split: " + error.what());
    }
    return std::nullopt;
  }

  void score(std::size_t stage, Scoring wanted, const Cell& cell) {
    auto& scorings = plan_.stages[stage].scorings;
    const auto same = [&](const Scoring& s) {
      return s.data == wanted.data && s.layer == wanted.layer && s.sweep == wanted.sweep &&
             s.target == wanted.target;
    };
    auto found = std::find_if(scorings.begin(), scorings.end(), same);
    if (found == scorings.end()) found = scorings.insert(found, std::move(wanted));
    const auto known = [&](const Cell& c) {
      return c.arm == cell.arm && c.target == cell.target && c.seed == cell.seed;
    };
    if (std::none_of(found->cells.begin(), found->cells.end(), known)) found->cells.push_back(cell);
  }

  static bool is_needed_by_others(const Scoring& scoring) {
    return scoring.sweep == SweepPart::kChooses || scoring.tuning == scoring.data;
  }

  // The English dev split of the task that a stage trains, so that what was learnt shows.
  void score_dev(std::size_t stage, const std::string& task_name, const Limit& limit,
                 const std::string& where, const Cell& cell) {
    if (!tasks_.task(task_name).manifest().splits.contains("dev")) return;
    const DatasetKey data{task_name, "dev", kTrainingLanguage,
                          plan_.stages[stage].recipe.max_tokens, limit.dev};
    score(stage, {.data = data, .tuning = tuning_data(data, limit.dev, where)}, cell);
  }

  std::size_t add_intermediate(const Intermediate& intermediate, std::uint64_t seed) {
    const std::string& name = intermediate.train.front();
    trainable(name, intermediate.where_of("train"));
    const auto made = stage({intermediate.name + "/seed-" + std::to_string(seed),
                             0,
                             true,
                             seed,
                             1,
                             intermediate.recipe,
                             {name, "train", kTrainingLanguage, intermediate.recipe.max_tokens,
                              intermediate.limit.train},
                             {}},
                            intermediate.where_of("recipe"));
    score_dev(made, name, intermediate.limit, intermediate.where, {intermediate.name, "", seed});
    return made;
  }

  void check_head(const Target& target, const Manifest& manifest, const Manifest& trained) const {
    // Labels that are read from a train split are known to be the same only within one task.
    const bool same_labels = !manifest.head->labels_from_train || manifest.name == trained.name;
    if (manifest.head == trained.head && same_labels) return;
    throw input_error(target.where_of("train"),
                      "task '" + manifest.name + "' can't be scored with the head of '" +
                          trained.name + "': " + manifest.head->family + " of " +
                          join(manifest.head->labels, ", ") + " against " + trained.head->family +
                          " of " + join(trained.head->labels, ", "));
  }

  void add_targets(const std::string& arm, std::size_t parent, std::uint64_t seed) {
    for (const auto& target : study_.targets) {
      if (target.name == kIntermediateFolder) {
        throw input_error(target.where_of("name"), std::string("'") + kIntermediateFolder +
                                                       "' can't be the name of a target");
      }
      const Manifest& manifest = task(target.task, target.where_of("task")).manifest();
      std::size_t scored = parent;
      if (manifest.head) {
        for (const char* key : {"layer", "layers"}) {
          if (!target.key_where.contains(key)) continue;
          throw input_error(target.where_of(key), "task '" + target.task +
                                                      "' is scored with a trained head, which "
                                                      "takes no layer");
        }
        const std::string trained = training_task(target, manifest);
        check_head(target, manifest, trainable(trained, target.where_of("train")).manifest());
        scored = stage(
            {arm + "/" + target.name + "/seed-" + std::to_string(seed),
             parent,
             study_.keep == "all",
             seed,
             0,
             target.recipe,
             {trained, "train", kTrainingLanguage, target.recipe.max_tokens, target.limit.train},
             {}},
            target.where_of("recipe"));
        score_dev(scored, trained, target.limit, target.where, {arm, target.name, seed});
      } else {
        check_untrained(target);
      }
      add_languages(target, manifest, scored, {arm, target.name, seed});
    }
  }

  void check_untrained(const Target& target) const {
    check_tokens(target.recipe, target.where);
    if (!target.train.empty()) {
      throw input_error(
          target.where_of("train"),
          "task '" + target.task + "' is scored on the encoder as it is and trains nothing");
    }
    if (target.layers.empty()) return;
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
                            "LANGUAGE, which is then left out of the results");
    }
  }

  void add_languages(const Target& target, const Manifest& manifest, std::size_t scored,
                     const Cell& cell) {
    for (const auto& split : target.splits) {
      if (!manifest.splits.contains(split)) {
        throw input_error(target.where_of("split"),
                          "task '" + target.task + "' has no split '" + split + "'");
      }
      const auto limit = split == "train" ? target.limit.train
                         : split == "dev" ? target.limit.dev
                                          : target.limit.test;
      const auto found = languages(target, manifest, split);
      check_choice(target, found);
      for (const auto& language : found) {
        const DatasetKey data{target.task, split, language, target.recipe.max_tokens, limit};
        Scoring wanted{.data = data, .tuning = tuning_data(data, target.limit.dev, target.where)};
        if (!target.layers.empty()) {
          add_to_sweep(target, std::move(wanted), scored, cell);
          continue;
        }
        if (!manifest.head)
          wanted.layer =
              resolve_layer(target.layer.value_or(-1), encoder_, target.where_of("layer"));
        score(scored, std::move(wanted), cell);
      }
    }
  }

  static void check_choice(const Target& target, const std::vector<std::string>& languages) {
    if (target.choose_on.empty()) return;
    const bool there =
        std::find(languages.begin(), languages.end(), target.choose_on) != languages.end();
    if (there && languages.size() > 1) return;
    throw input_error(
        target.where_of("choose_on"),
        "'" + target.choose_on + "' chooses the layer for the other languages; " +
            "expected it and another one among those scored: " + join(languages, " "));
  }

  // A task that tunes chooses on its dev splits, and scores the others at that layer alone: its
  // test splits can be too large for the vectors of all layers.
  void add_to_sweep(const Target& target, Scoring wanted, std::size_t scored, const Cell& cell) {
    wanted.target = target.name;
    if (!wanted.tuning) {
      const bool chooses = wanted.data.language == target.choose_on;
      wanted.sweep = chooses ? SweepPart::kChooses : SweepPart::kFollows;
      wanted.reported = !chooses;
      score(scored, std::move(wanted), cell);
      return;
    }
    const bool dev_reported =
        std::find(target.splits.begin(), target.splits.end(), "dev") != target.splits.end();
    score(scored,
          {.data = *wanted.tuning,
           .tuning = wanted.tuning,
           .sweep = SweepPart::kChooses,
           .target = target.name,
           .reported = dev_reported},
          cell);
    if (wanted.data == *wanted.tuning) return;
    wanted.sweep = SweepPart::kChosen;
    score(scored, std::move(wanted), cell);
  }

  std::vector<std::string> languages(const Target& target, const Manifest& manifest,
                                     const std::string& split) const {
    for (const auto& language : target.languages) {
      if (std::find(manifest.languages.begin(), manifest.languages.end(), language) !=
          manifest.languages.end())
        continue;
      throw input_error(target.where_of("languages"),
                        "task '" + target.task + "' has no language '" + language +
                            "'; it has: " + join(manifest.languages, " "));
    }
    if (!target.languages.empty()) return target.languages;
    auto present = languages_present(manifest, split, study_.data_root);
    if (present.empty())
      find_files(manifest, split, manifest.languages.front(),
                 study_.data_root);  // says what is missing
    return present;
  }

  const Study& study_;
  TaskCatalog& tasks_;
  const EncoderConfig& encoder_;
  Plan plan_;
};

}  // namespace

std::string training_task(const Target& target, const Manifest& manifest) {
  if (!target.train.empty()) return target.train.front();
  if (manifest.splits.contains("train")) return target.task;
  if (!manifest.train_on.empty()) return manifest.train_on.front();
  throw input_error(
      target.where,
      "task '" + target.task + "' has no training set: say which task to train with `train`");
}

Plan make_plan(const Study& study, TaskCatalog& tasks, const EncoderConfig& encoder) {
  return Planner(study, tasks, encoder).make();
}

}  // namespace sojourn
