#include "core/plan/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/files.h"
#include "core/data/options.h"
#include "core/model/head_inputs.h"
#include "core/model/low_rank.h"
#include "core/plan/scorings.h"
#include "core/plan/stage_key.h"

namespace sojourn {

namespace {

template <class V>
V value_or(const std::map<std::string, V>& map, const std::string& key, const V& otherwise) {
  const auto found = map.find(key);
  return found == map.end() ? otherwise : found->second;
}

std::string seed_part(std::uint64_t seed) { return "/seed-" + std::to_string(seed); }

class Planner {
 public:
  Planner(const Study& study, TaskCatalog& tasks, const std::optional<EncoderConfig>& encoder,
          MissingFiles missing)
      : study_(study),
        tasks_(tasks),
        encoder_(encoder),
        scorings_(study, tasks, encoder, missing, plan_) {
    plan_.stages.push_back({.id = "encoder"});
  }

  Plan make() {
    check_target_names();
    plan_.arms = arms_of(study_);
    for (const std::uint64_t seed : study_.seeds) {
      for (const auto& arm : plan_.arms) add_arm(arm, seed);
    }
    for (auto& stage : plan_.stages) {
      std::stable_partition(stage.scorings.begin(), stage.scorings.end(), is_needed_by_others);
    }
    return std::move(plan_);
  }

 private:
  static bool is_needed_by_others(const Scoring& scoring) {
    return scoring.sweep == SweepPart::kChooses || scoring.tuning == scoring.data;
  }

  void check_target_names() const {
    for (const auto& target : study_.targets) {
      if (target.name != kIntermediateFolder) continue;
      throw input_error(target.where_of("name"),
                        std::string("'") + kIntermediateFolder + "' can't be the name of a target");
    }
  }

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
    if (!encoder_ || recipe.max_tokens <= encoder_->max_tokens()) return;
    throw input_error(where, "max_tokens is " + std::to_string(recipe.max_tokens) +
                                 ", the encoder takes at most " +
                                 std::to_string(encoder_->max_tokens()));
  }

  // Where the study gives a key of the recipe by which a stage trains a task: among the stage's own
  // places, in [recipes.TASK], in [recipes.default]; else `where`.
  std::string place_of(const std::string& key, const std::string& task, const KeyPlaces& places,
                       const std::string& where) const {
    const auto find = [](const KeyPlaces& among, const std::string& name) {
      const auto found = among.lower_bound(name);
      const bool is_it =
          found != among.end() && (found->first == name || found->first.starts_with(name + "."));
      return is_it ? &found->second : nullptr;
    };
    for (const std::string* place :
         {find(places, "recipe." + key), find(study_.key_where, "recipes." + task + "." + key),
          find(study_.key_where, "recipes.default." + key)}) {
      if (place != nullptr) return *place;
    }
    return where;
  }

  // Of the task, with the manifest's values for those that the recipe doesn't give.
  TaskOptions options(const Manifest& manifest, const TaskOptions& given,
                      const std::string& where) const {
    TaskOptions complete = complete_options(manifest, given, where);
    for (const auto& input : resolve_inputs(manifest, complete)) {
      if (encoder_ && !input.layer_option.empty())
        resolve_layer(input.layer, *encoder_, where + ": option '" + input.layer_option + "'");
    }
    return complete;
  }

  void check_negatives(const Manifest& manifest, const Recipe& recipe, const KeyPlaces& places,
                       const std::string& where) const {
    if (!manifest.batch_negatives || recipe.micro_batch >= recipe.batch_size) return;
    throw input_error(
        place_of("micro_batch", manifest.name, places,
                 place_of("batch_size", manifest.name, places, where)),
        "micro_batch is " + std::to_string(recipe.micro_batch) + ", batch_size " +
            std::to_string(recipe.batch_size) + "; the loss of task '" + manifest.name +
            "' compares the examples of a batch, so that micro_batch must be at least batch_size");
  }

  // What a stage trains of a task. `intermediate` may say more of it; null: nothing does. `places`:
  // those of the stage's own keys.
  TaskTraining training(const std::string& name, const Recipe& recipe,
                        std::optional<std::int64_t> limit, const Intermediate* intermediate,
                        const KeyPlaces& places, const std::string& where) {
    const Manifest& manifest = trainable(name, where).manifest();
    check_tokens(recipe, where);
    check_negatives(manifest, recipe, places, where);
    TaskTraining made{.task = name, .head = name, .data = {}, .dev = {}, .recipe = recipe};
    made.recipe.options =
        options(manifest, recipe.options, place_of("options", name, places, where));
    std::vector<std::string> languages;
    std::vector<std::string> files;
    if (intermediate != nullptr) {
      made.head = value_or(intermediate->heads, name, name);
      made.loss_weight = value_or(intermediate->loss_weights, name, 1.0);
      for (const auto& data : intermediate->data) {
        if (data.task != name) continue;
        languages = data.languages;
        files = data.train;
      }
    }
    if (languages.empty()) languages = {kTrainingLanguage};
    for (const auto& language : languages)
      made.data.push_back({name, "train", language, recipe.max_tokens, limit, files});
    return made;
  }

  // Heads that tasks share must be the same.
  void check_heads(const Stage& stage, const std::string& where) {
    std::map<std::string, const TaskTraining*> first;
    for (const auto& training : stage.training) {
      const auto [found, fresh] = first.emplace(training.head, &training);
      if (fresh) continue;
      const auto& one = tasks_.task(found->second->task).manifest();
      const auto& other = tasks_.task(training.task).manifest();
      check_same_head(one, other, where,
                      "tasks '" + one.name + "' and '" + other.name + "' can't share the head '" +
                          training.head + "'");
      if (found->second->recipe.options == training.recipe.options) continue;
      throw input_error(where, "tasks '" + one.name + "' and '" + other.name +
                                   "' can't share the head '" + training.head +
                                   "': their options differ");
    }
  }

  static void check_same_head(const Manifest& one, const Manifest& other, const std::string& where,
                              const std::string& what) {
    // Labels that are read from a train split are known to be the same only within one task.
    const bool same_labels = !one.head->labels_from_train || one.name == other.name;
    if (one.head == other.head && same_labels) return;
    throw input_error(where, what + ": " + one.head->family + " of " +
                                 join(one.head->labels, ", ") + " against " + other.head->family +
                                 " of " + join(other.head->labels, ", "));
  }

  // On what the stage is evaluated while it trains. One whose tasks have no dev split trains to its
  // end, unless its own recipe asks for more.
  void add_evaluation(Stage& stage, const PartialRecipe& own, const std::string& where) {
    const Evaluation& evaluation = stage.recipe.evaluate;
    if (!evaluation.every) return;
    const auto chosen = [&](const TaskTraining& training) {
      const auto& by = evaluation.by;
      const auto trained = [&](const std::string& name) {
        return std::any_of(stage.training.begin(), stage.training.end(),
                           [&](const auto& other) { return other.task == name; });
      };
      return std::none_of(by.begin(), by.end(), trained) ||
             std::find(by.begin(), by.end(), training.task) != by.end();
    };
    bool any = false;
    for (auto& training : stage.training) {
      if (!chosen(training) || !tasks_.task(training.task).manifest().splits.contains("dev"))
        continue;
      training.dev = DatasetKey{training.task, "dev", kTrainingLanguage, training.recipe.max_tokens,
                                evaluation.limit};
      any = true;
    }
    if (any) return;
    if (own.given.contains("evaluate.every"))
      throw input_error(where, "no task of the stage has a dev split to be evaluated on");
    stage.recipe.evaluate = {};
  }

  // The stage of that description, made if there is none yet.
  std::size_t stage(Stage wanted, const PartialRecipe& own, const std::string& where) {
    if (wanted.training.size() == 1) {  // how tasks are mixed means nothing then
      wanted.sampling = {};
      wanted.training[0].loss_weight = 1;
    }
    check_heads(wanted, where);
    if (adapts(wanted) && encoder_) check_adapter(wanted.recipe.adapter, *encoder_, where);
    add_evaluation(wanted, own, where);
    const auto [found, fresh] = known_.emplace(
        training_description(wanted).dump() + " " + std::to_string(wanted.parent.value_or(0)),
        plan_.stages.size());
    if (fresh) plan_.stages.push_back(std::move(wanted));
    return found->second;
  }

  // The stages of an arm before its targets; returns the last.
  std::size_t add_chain(const Arm& arm, std::uint64_t seed) {
    const Intermediate& intermediate = *arm.intermediate;
    const std::size_t n = intermediate.stages.size();
    const std::string& where = intermediate.where_of(n == 1 ? "train" : "chain");
    std::size_t parent = 0;
    std::map<std::string, std::pair<std::size_t, TaskTraining>> last;  // by task
    for (std::size_t i = 0; i < n; ++i) {
      const auto& names = intermediate.stages[i];
      const std::string part = i + 1 == n ? "" : "/stage-" + std::to_string(i + 1);
      Stage wanted{.id = arm.name + part + seed_part(seed),
                   .parent = parent,
                   .keep = true,
                   .seed = seed,
                   .role = static_cast<std::uint32_t>(i + 1),
                   .recipe = stage_recipe(arm, names, intermediate.recipe),
                   .sampling = intermediate.sampling};
      for (const auto& name : names) {
        wanted.training.push_back(training(name, task_recipe(arm, name, intermediate.recipe),
                                           intermediate.limit.train, &intermediate,
                                           intermediate.key_where, where));
      }
      const auto trained = wanted.training;
      parent = stage(std::move(wanted), intermediate.recipe,
                     intermediate.heads.empty() ? where : intermediate.where_of("heads"));
      plan_.stages[parent].keep = true;
      for (const auto& one : trained) last.insert_or_assign(one.task, std::pair(parent, one));
    }
    for (const auto& [name, at] : last) {
      scorings_.add_dev(at.first, at.second, intermediate.limit, intermediate.where,
                        {arm.name, "", seed});
    }
    return parent;
  }

  void add_arm(const Arm& arm, std::uint64_t seed) {
    const bool joint = arm.intermediate && arm.intermediate->joint;
    const std::size_t before = arm.intermediate && !joint ? add_chain(arm, seed) : 0;
    const auto length =
        arm.intermediate ? static_cast<std::int64_t>(arm.intermediate->stages.size()) : 0;
    for (const auto& target : arm.targets) {
      const Manifest& manifest = task(target.task, target.where_of("task")).manifest();
      const Cell cell{arm.name, target.name, seed};
      if (manifest.search) {
        scorings_.check_untrained(target);
        const Recipe recipe = task_recipe(arm, target.task, target.recipe);
        check_tokens(recipe, target.where);
        options(manifest, recipe.options,
                place_of("options", target.task, target.key_where, target.where));
        // What trains nothing sees a joint intermediate on its own.
        const std::size_t scored = joint ? add_chain(arm, seed) : before;
        scorings_.add_target(scored, target, "", recipe, cell);
        plan_.naive_trainings += length;
        continue;
      }
      check_no_layer(target);
      add_trained(arm, target, manifest, before, cell);
      plan_.naive_trainings += joint ? 1 : length + 1;
    }
  }

  static void check_no_layer(const Target& target) {
    for (const char* key : {"layer", "layers"}) {
      if (!target.key_where.contains(key)) continue;
      throw input_error(target.where_of(key), "task '" + target.task +
                                                  "' is scored with a trained head, which "
                                                  "takes no layer");
    }
  }

  void add_trained(const Arm& arm, const Target& target, const Manifest& manifest,
                   std::size_t parent, const Cell& cell) {
    const std::string own = training_task(target, manifest);
    const std::string& where = target.where_of("train");
    check_same_head(manifest, trainable(own, where).manifest(), where,
                    "task '" + manifest.name + "' can't be scored with the head of '" + own + "'");
    const bool joint = arm.intermediate && arm.intermediate->joint;
    const Intermediate* beside = joint ? &*arm.intermediate : nullptr;
    std::vector<std::string> names{own};
    Stage wanted{.id = arm.name + "/" + target.name + seed_part(cell.seed),
                 .parent = parent,
                 .keep = study_.keep == "all",
                 .seed = cell.seed};
    wanted.training.push_back(training(own, task_recipe(arm, own, target.recipe),
                                       target.limit.train, nullptr, target.key_where,
                                       target.where_of("recipe")));
    if (joint) {
      wanted.sampling = beside->sampling;
      wanted.training[0].head = value_or(beside->heads, own, own);
      wanted.training[0].loss_weight = value_or(beside->loss_weights, own, 1.0);
      for (const auto& name : beside->tasks()) {
        if (name == own) continue;
        names.push_back(name);
        wanted.training.push_back(training(name, task_recipe(arm, name, beside->recipe),
                                           beside->limit.train, beside, beside->key_where,
                                           beside->where_of("train")));
      }
    }
    wanted.recipe = stage_recipe(arm, names, target.recipe);
    const auto trained = wanted.training;
    const auto made =
        stage(std::move(wanted), target.recipe, joint ? beside->where_of("heads") : where);
    for (const auto& one : trained) {
      const Limit& limit = one.task == own ? target.limit : beside->limit;
      scorings_.add_dev(made, one, limit, target.where, cell);
    }
    // As long as what its head was trained on, unless the study has a recipe for the task itself.
    const std::string& like = arm.task_recipes.contains(target.task) ? target.task : own;
    const Recipe recipe = task_recipe(arm, like, target.recipe);
    check_tokens(recipe, target.where_of("recipe"));
    scorings_.add_target(made, target, trained[0].head, recipe, cell);
  }

  const Study& study_;
  TaskCatalog& tasks_;
  const std::optional<EncoderConfig>& encoder_;
  Plan plan_;
  ScoringPlanner scorings_;
  std::map<std::string, std::size_t> known_;  // stages by what they train, and their parent
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

Plan make_plan(const Study& study, TaskCatalog& tasks, const std::optional<EncoderConfig>& encoder,
               MissingFiles missing) {
  return Planner(study, tasks, encoder, missing).make();
}

}  // namespace sojourn
