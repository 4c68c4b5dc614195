#include "core/config/arms.h"

#include <functional>
#include <set>
#include <utility>

#include "core/config/keys.h"
#include "core/config/number.h"

namespace sojourn {

namespace {

using namespace config;  // the parts of this folder

// Calls `visit` with the name and both values of every key below `keys`: "peak_lr",
// "evaluate.every".
template <class T, class A, class Visit>
void each_value(Keys<T> keys, const std::string& prefix, A& a, T& b, const Visit& visit) {
  for (const Key<T>& key : keys) {
    const std::string name = prefix + std::string(key.name);
    const auto on_member = [&](const auto& member) {
      if constexpr (std::is_member_object_pointer_v<std::decay_t<decltype(member)>>) {
        if constexpr (Table<std::decay_t<decltype(b.*member)>>) {
          each_value(keys_of(b.*member), name + ".", a.*member, b.*member, visit);
        } else {
          visit(name, a.*member, b.*member);
        }
      }
    };
    std::visit(on_member, key.member);
  }
}

void set_number(PartialRecipe& recipe, const std::string& key,
                const PartialRecipe::Number& number) {
  const auto visit = [&](const std::string& name, const auto&, auto& into) {
    using V = std::decay_t<decltype(into)>;
    if constexpr (NumberKey<V>) {
      if (name != key) return;
      std::visit([&](auto value) { into = static_cast<V>(value); }, number);
    }
  };
  each_value(Keys<Recipe>(kRecipeKeys), "", std::as_const(recipe.values), recipe.values, visit);
  recipe.grid.erase(key);
  recipe.given.insert(key);
}

// One key that is a list, and the table that it stands in.
struct Axis {
  std::string owner;  // "" of [recipes.default]
  std::string key;
  std::vector<PartialRecipe::Number> values;
  std::function<PartialRecipe&(Arm&)> recipe_of;
};
using Axes = std::vector<Axis>;

void add_axes(const std::string& owner, const PartialRecipe& recipe,
              const std::function<PartialRecipe&(Arm&)>& recipe_of, Axes& into) {
  Recipe names;
  const auto visit = [&](const std::string& name, const auto&, const auto&) {
    const auto values = recipe.grid.find(name);
    if (values != recipe.grid.end()) into.push_back({owner, name, values->second, recipe_of});
  };
  each_value(Keys<Recipe>(kRecipeKeys), "", std::as_const(names), names, visit);
}

// The grids that every arm has.
Axes shared_axes(const Study& study) {
  Axes axes;
  add_axes("", study.default_recipe, [](Arm& arm) -> auto& { return arm.default_recipe; }, axes);
  for (const auto& [task, recipe] : study.task_recipes) {
    add_axes(
        task, recipe, [name = task](Arm& arm) -> auto& { return arm.task_recipes.at(name); }, axes);
  }
  for (std::size_t i = 0; i < study.targets.size(); ++i) {
    add_axes(
        study.targets[i].name, study.targets[i].recipe,
        [i](Arm& arm) -> auto& { return arm.targets[i].recipe; }, axes);
  }
  return axes;
}

Axes own_axes(const Intermediate& intermediate) {
  Axes axes;
  add_axes(
      intermediate.name, intermediate.recipe,
      [](Arm& arm) -> auto& { return arm.intermediate->recipe; }, axes);
  return axes;
}

// ",peak_lr=1e-05", or with the owner where the key alone would leave open whose it is.
std::string suffix(const Axis& axis, const PartialRecipe::Number& number,
                   const std::multiset<std::string>& keys) {
  const bool with_owner = !axis.owner.empty() && keys.count(axis.key) > 1;
  return "," + (with_owner ? axis.owner + "." : "") + axis.key + "=" +
         std::visit([](auto value) { return number_text(value); }, number);
}

// Every arm once per combination; `shared`: its baseline has the same numbers.
std::vector<Arm> expanded(std::vector<Arm> arms, const Axes& axes, bool shared,
                          const std::multiset<std::string>& keys) {
  for (const Axis& axis : axes) {
    std::vector<Arm> next;
    for (const Arm& arm : arms) {
      for (const auto& number : axis.values) {
        Arm& one = next.emplace_back(arm);
        set_number(axis.recipe_of(one), axis.key, number);
        one.name += suffix(axis, number, keys);
        if (shared) one.baseline += suffix(axis, number, keys);
      }
    }
    arms = std::move(next);
  }
  return arms;
}

// The keys of all shared grids, and those of intermediates' own, each once.
std::multiset<std::string> keys_of_axes(const Study& study) {
  std::multiset<std::string> keys;
  std::set<std::string> own;
  for (const auto& axis : shared_axes(study)) keys.insert(axis.key);
  for (const auto& intermediate : study.intermediates) {
    for (const auto& axis : own_axes(intermediate)) own.insert(axis.key);
  }
  keys.insert(own.begin(), own.end());
  return keys;
}

std::vector<Arm> unshared_arms(const Study& study) {
  const auto keys = keys_of_axes(study);
  const Arm none{kNoIntermediate,      study.baseline,     std::nullopt,
                 study.default_recipe, study.task_recipes, study.targets};
  std::vector<Arm> arms{none};
  for (const auto& intermediate : study.intermediates) {
    Arm arm = none;
    arm.name = intermediate.name;
    arm.intermediate = intermediate;
    auto own = expanded({std::move(arm)}, own_axes(intermediate), false, keys);
    std::move(own.begin(), own.end(), std::back_inserter(arms));
  }
  return arms;
}

}  // namespace

Recipe PartialRecipe::over(Recipe base) const {
  const auto visit = [&](const std::string& name, const auto& own, auto& into) {
    if (given.contains(name)) into = own;
  };
  each_value(Keys<Recipe>(kRecipeKeys), "", values, base, visit);
  for (const auto& [name, value] : values.options) base.options.insert_or_assign(name, value);
  if (given.contains("steps")) base.epochs = 0;
  if (given.contains("epochs")) base.steps.reset();
  return base;
}

std::vector<Arm> arms_of(const Study& study) {
  return expanded(unshared_arms(study), shared_axes(study), true, keys_of_axes(study));
}

Recipe stage_recipe(const Arm& arm, std::span<const std::string> tasks,
                    const PartialRecipe& stage) {
  if (tasks.size() == 1) return task_recipe(arm, tasks.front(), stage);
  return stage.over(arm.default_recipe.over({}));
}

Recipe task_recipe(const Arm& arm, const std::string& task, const PartialRecipe& stage) {
  const auto own = arm.task_recipes.find(task);
  const Recipe base = arm.default_recipe.over({});
  return stage.over(own == arm.task_recipes.end() ? base : own->second.over(base));
}

std::vector<std::string> config::unshared_names(const Study& study) {
  std::vector<std::string> names;
  for (auto& arm : unshared_arms(study)) names.push_back(std::move(arm.name));
  return names;
}

}  // namespace sojourn
