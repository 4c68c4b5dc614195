#include "core/config/checks.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/arms.h"

namespace sojourn::config {

namespace {

using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string expected(const std::string& name, const Names& names) {
  return "; expected one of: " + join(names, ", ") + did_you_mean(name, names);
}

template <class Item>
void check_names(const std::vector<Item>& items, const std::string& title) {
  KeyPlaces places;
  for (const Item& item : items) {
    const std::string& where = item.where_of("name");
    const auto [former, is_new] = places.emplace(item.name, where);
    if (!is_new) {
      throw input_error(where, "the name '" + item.name + "' of " + title +
                                   " is taken already, at " + former->second +
                                   "; expected another 'name'");
    }
  }
}

void check_layers(const Target& target) {
  if (!target.choose_on.empty() && target.layers.empty()) {
    throw input_error(target.where_of("choose_on"),
                      "'choose_on' in [[target]] says which language decides a sweep; expected "
                      "layers = \"all\" beside it");
  }
}

// A table of recipes whose keys mean nothing without one of them.
struct Deciding {
  std::string key;                  // the one: "evaluate.every"
  std::vector<std::string> others;  // in the same table
  std::string complaint;
};

const std::array<Deciding, 2>& deciding_keys() {
  static const std::array<Deciding, 2> keys{
      {{"evaluate.every",
        {"evaluate.limit", "evaluate.patience", "evaluate.by"},
        "is about evaluations, and nothing says when they are; expected 'every' beside it"},
       {"adapter.kind",
        {"adapter.rank", "adapter.alpha", "adapter.dropout", "adapter.targets", "adapter.layers",
         "adapter.merge"},
        "is about an adapter, and nothing says which; expected 'kind' beside it"}}};
  return keys;
}

bool has(const PartialRecipe& recipe, const std::string& key) {
  return recipe.given.contains(key) || recipe.grid.contains(key);
}

// `decided`: a recipe that this one goes over has the deciding key.
template <class Owner>
void check_decided(const Owner& owner, const std::string& path, const PartialRecipe& recipe,
                   const Deciding& deciding, bool decided) {
  if (decided || has(recipe, deciding.key)) return;
  for (const std::string& key : deciding.others) {
    if (!has(recipe, key)) continue;
    throw input_error(owner.where_of(path + "." + key),
                      "'" + key.substr(key.find('.') + 1) + "' " + deciding.complaint);
  }
}

void check_decided(const Study& study, const Deciding& deciding) {
  const bool by_default = has(study.default_recipe, deciding.key);
  // Which task a target trains can be up to its plugin, so that any task's recipe may be below.
  bool by_task = by_default;
  for (const auto& [task, recipe] : study.task_recipes)
    by_task = by_task || has(recipe, deciding.key);

  check_decided(study, "recipes.default", study.default_recipe, deciding, false);
  for (const auto& [task, recipe] : study.task_recipes)
    check_decided(study, "recipes." + task, recipe, deciding, by_default);
  for (const auto& stage : study.intermediates)
    check_decided(stage, "recipe", stage.recipe, deciding, by_task);
  for (const auto& stage : study.targets)
    check_decided(stage, "recipe", stage.recipe, deciding, by_task);
}

// Tasks belong to a stage, so only a stage's own recipe may name them.
void check_evaluated_tasks(const Study& study) {
  const auto check_shared = [&](const std::string& name, const PartialRecipe& recipe) {
    if (!recipe.given.contains("evaluate.by")) return;
    throw input_error(study.where_of("recipes." + name + ".evaluate.by"),
                      "'by' names tasks of one stage; expected it in the recipe of an "
                      "[[intermediate]] or a [[target]]");
  };
  check_shared("default", study.default_recipe);
  for (const auto& [task, recipe] : study.task_recipes) check_shared(task, recipe);

  Names beside;
  for (const auto& intermediate : study.intermediates) {
    if (!intermediate.joint) continue;
    const auto tasks = intermediate.tasks();
    beside.insert(beside.end(), tasks.begin(), tasks.end());
  }
  const auto check_stage = [](const auto& stage, const Names& tasks, const std::string& title) {
    for (const auto& task : stage.recipe.values.evaluate.by) {
      if (holds(tasks, task)) continue;
      throw input_error(stage.where_of("recipe.evaluate.by"),
                        "'by' in [" + title + ".recipe.evaluate] names '" + task + "', which '" +
                            stage.name + "' doesn't train" + expected(task, tasks));
    }
  };
  for (const auto& intermediate : study.intermediates)
    check_stage(intermediate, intermediate.tasks(), "intermediate");
  for (const auto& target : study.targets) {
    if (target.train.empty()) continue;  // its plugin knows what it trains
    Names tasks = target.train;
    tasks.insert(tasks.end(), beside.begin(), beside.end());
    check_stage(target, tasks, "target");
  }
}

class IntermediateCheck {
 public:
  // `target_tasks`: what the stages of targets train, as far as the study says.
  IntermediateCheck(const Intermediate& intermediate, const Names& target_tasks)
      : intermediate_(intermediate), own_(intermediate.tasks()), trained_(own_) {
    if (!intermediate.joint) return;
    for (const auto& task : target_tasks) {
      if (!holds(trained_, task)) trained_.push_back(task);
    }
  }

  void check() const {
    if (intermediate_.name == kNoIntermediate) {
      throw fault("name",
                  "an [[intermediate]] can't be called 'none': that is the arm without one");
    }
    if (intermediate_.joint && intermediate_.key_where.contains("chain")) {
      throw fault("joint",
                  "'joint' and 'chain' in [[intermediate]] exclude each other: joint tasks are "
                  "trained in the stages of targets; expected 'train' beside 'joint'");
    }
    check_sampling();
    for (const auto& [task, weight] : intermediate_.loss_weights) check_task("loss_weights", task);
    for (const auto& [task, head] : intermediate_.heads) check_task("heads", task);
    check_data();
  }

 private:
  Error fault(const std::string& key, const std::string& what) const {
    return input_error(intermediate_.where_of(key), what);
  }
  Error untrained(const std::string& key, const std::string& table, const std::string& task,
                  const Names& tasks) const {
    return fault(key, "[intermediate." + table + "] names '" + task + "', which '" +
                          intermediate_.name + "' doesn't train" + expected(task, tasks));
  }

  void check_task(const std::string& table, const std::string& task) const {
    if (!holds(trained_, task)) throw untrained(table + "." + task, table, task, trained_);
  }

  void check_sampling() const {
    const Sampling& sampling = intermediate_.sampling;
    const auto is_given = [&](const char* key) { return intermediate_.key_where.contains(key); };
    const bool weighted = !sampling.weights.empty();
    if (weighted && sampling.by != "weights") {
      throw fault("sampling.weights", "'weights' in [intermediate.sampling] contradicts by = \"" +
                                          sampling.by +
                                          "\"; expected by = \"weights\", or no 'by'");
    }
    if (!weighted && sampling.by == "weights") {
      throw fault("sampling.by",
                  "by = \"weights\" in [intermediate.sampling] needs weights; expected "
                  "weights = { TASK = NUMBER } beside it");
    }
    for (const std::string key : {"cap", "exponent"}) {
      if (sampling.by == "size" || !is_given(("sampling." + key).c_str())) continue;
      throw fault("sampling." + key, "'" + key +
                                         "' in [intermediate.sampling] is about sizes, and tasks "
                                         "are drawn by = \"" +
                                         sampling.by + "\"; expected by = \"size\" beside it");
    }
    for (const auto& [task, weight] : sampling.weights) check_task("sampling.weights", task);
    if (intermediate_.joint) {
      check_sum(trained_);
    } else {
      for (const auto& stage : intermediate_.stages) check_sum(stage);
    }
  }

  void check_sum(const Names& tasks) const {
    const auto& weights = intermediate_.sampling.weights;
    const bool all_zero = std::all_of(tasks.begin(), tasks.end(), [&](const std::string& task) {
      const auto own = weights.find(task);
      return own != weights.end() && own->second == 0;
    });
    if (!all_zero) return;
    throw fault("sampling.weights", "'weights' in [intermediate.sampling] sum to 0 where " +
                                        join(tasks, ", ") + (tasks.size() == 1 ? " is" : " are") +
                                        " trained; expected one greater than 0");
  }

  void check_data() const {
    Names named;
    for (std::size_t i = 0; i < intermediate_.data.size(); ++i) {
      const TaskData& data = intermediate_.data[i];
      const std::string key = "data." + std::to_string(i);
      if (data.task.empty()) {
        throw fault(key,
                    "[[intermediate.data]] doesn't say which task's data it is; expected "
                    "'task', one of: " +
                        join(own_, ", "));
      }
      if (!holds(own_, data.task)) {
        throw untrained(key + ".task", "data", data.task, own_);
      }
      if (holds(named, data.task)) {
        throw fault(key + ".task", "[[intermediate.data]] is about '" + data.task +
                                       "' a second time; expected one table a task");
      }
      if (data.train.empty() && data.languages.empty()) {
        throw fault(key,
                    "[[intermediate.data]] replaces nothing; expected 'train' or "
                    "'languages'");
      }
      named.push_back(data.task);
    }
  }

  const Intermediate& intermediate_;
  Names own_;
  Names trained_;  // those of `own_`, and beside them
};

// A name that a hypothesis gives under `key` must be among `names`.
void check_named(const Hypothesis& hypothesis, const std::string& key, const std::string& name,
                 const Names& names) {
  if (holds(names, name)) return;
  throw input_error(hypothesis.where_of(key), "'" + key + "' of the hypothesis '" +
                                                  hypothesis.name + "' is '" + name + "'" +
                                                  expected(name, names));
}

void check_hypotheses(const Study& study) {
  check_names(study.hypotheses, "[[hypothesis]]");
  Names arms;
  for (const auto& arm : arms_of(study)) arms.push_back(arm.name);
  Names targets;
  for (const auto& target : study.targets) targets.push_back(target.name);
  for (const auto& hypothesis : study.hypotheses) {
    check_named(hypothesis, "arm", hypothesis.arm, arms);
    if (!hypothesis.baseline.empty())
      check_named(hypothesis, "baseline", hypothesis.baseline, arms);
    for (const auto& target : hypothesis.targets)
      check_named(hypothesis, "targets", target, targets);
    for (const auto& arm : arms_of(study)) {
      const std::string& other = hypothesis.baseline.empty() ? arm.baseline : hypothesis.baseline;
      if (arm.name != hypothesis.arm || other != arm.name) continue;
      throw input_error(hypothesis.where_of("arm"), "the hypothesis '" + hypothesis.name +
                                                        "' compares '" + arm.name +
                                                        "' with itself; expected another "
                                                        "'baseline'");
    }
  }
}

}  // namespace

void check_study(const Study& study) {
  Names target_tasks;
  for (const auto& target : study.targets) {
    check_layers(target);
    target_tasks.push_back(target.train.empty() ? target.task : target.train.front());
  }
  for (const auto& intermediate : study.intermediates)
    IntermediateCheck(intermediate, target_tasks).check();
  check_names(study.intermediates, "[[intermediate]]");
  check_names(study.targets, "[[target]]");
  for (const auto& deciding : deciding_keys()) check_decided(study, deciding);
  check_evaluated_tasks(study);
  const auto names = unshared_names(study);
  if (!holds(names, study.baseline)) {
    throw input_error(
        study.where_of("report.baseline"),
        "'baseline' in [report] is '" + study.baseline + "'" + expected(study.baseline, names));
  }
  check_hypotheses(study);
}

}  // namespace sojourn::config
