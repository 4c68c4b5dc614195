// Adapters and the options of tasks, in recipes.
#include "tests/core/config/study_file.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

using testing::error_after;
using testing::minimal_study;
using testing::StudyFile;

Study load_with(const std::string& lines) { return StudyFile(minimal_study() + lines).load(); }

std::string arm(const std::string& recipe) {
  return "[[intermediate]]\nname = 'arm'\ntrain = ['a']\nrecipe = { " + recipe + " }\n";
}

Recipe recipe_of(const Study& study) {
  const Arm found = arms_of(study).at(1);
  return task_recipe(found, "a", found.intermediate->recipe);
}

}  // namespace

TEST_CASE("Every key of an adapter reaches its place", "[config]") {
  const Recipe recipe = recipe_of(load_with(arm(
      "adapter = { kind = 'lora', rank = 8, alpha = 4.5, dropout = 0, targets = ['key', 'dense'], "
      "layers = [1, 3], merge = false }")));
  CHECK(recipe.adapter == Adapter{"lora", 8, 4.5, 0, {"key", "dense"}, {1, 3}, false});
  CHECK(recipe_of(load_with(arm("adapter = { kind = 'lora', layers = 'all' }"))).adapter ==
        Adapter{.kind = "lora", .targets = {"query", "value"}, .layers = {}});
  CHECK(recipe_of(load_with(arm("epochs = 1"))).adapter == Adapter());
}

TEST_CASE("A recipe's adapter and options go over others key by key", "[config]") {
  const Recipe recipe =
      recipe_of(load_with("[recipes.default]\nadapter = { kind = 'lora', rank = 8, layers = [2] }\n"
                          "[recipes.a.options]\nloss = 'x'\nlayer = 2\n" +
                          arm("adapter.layers = 'all', options = { layer = 3 }")));
  CHECK(recipe.adapter ==
        Adapter{.kind = "lora", .rank = 8, .targets = {"query", "value"}, .layers = {}});
  CHECK(recipe.options == TaskOptions{{"layer", 3.0}, {"loss", "x"}});
}

TEST_CASE("A rank may be a grid", "[config]") {
  const auto arms = arms_of(load_with(arm("adapter = { kind = 'lora', rank = [4, 8] }")));
  CHECK(arms.at(2).name == "arm,adapter.rank=8");
  CHECK(arms.at(2).intermediate->recipe.values.adapter.rank == 8);
}

TEST_CASE("Adapters and options are written as they are read", "[config]") {
  const Study study =
      load_with(arm("adapter = { kind = 'lora', rank = [4, 8], layers = 'all', merge = false }, "
                    "options = { loss = 'x', 'odd name' = 0.5 }"));
  const std::string text = resolved_toml(study);
  CHECK(resolved_toml(StudyFile(text).load()) == text);
  const Recipe again = recipe_of(StudyFile(text).load());
  CHECK_FALSE(again.adapter.merge);
  CHECK(again.options == TaskOptions{{"loss", "x"}, {"odd name", 0.5}});
  CHECK(resolved_toml(load_with("")).find("adapter") == std::string::npos);
}

TEST_CASE("What is wrong with an adapter or an option is named", "[config]") {
  const auto error = [](const std::string& recipe) { return error_after(arm(recipe)); };
  CHECK(
      error("adapter = { rank = 4 }") ==
      "FILE:12:31: 'rank' is about an adapter, and nothing says which; expected 'kind' beside it");
  CHECK(
      error("adapter = { kind = 'dora' }") ==
      "FILE:12:31: 'kind' in [intermediate.recipe.adapter] must be 'none' or 'lora', found 'dora'");
  CHECK(error("adapter = { kind = 'lora', layers = 'some' }") ==
        "FILE:12:48: 'layers' in [intermediate.recipe.adapter]: expected \"all\" or a list of "
        "integers, found a string ('some')");
  CHECK(error("adapter = { kind = 'lora', layers = [2, 2] }") ==
        "FILE:12:52: 'layers' in [intermediate.recipe.adapter] holds 2 twice");
  CHECK(
      error("options = { layer = true }") ==
      "FILE:12:32: 'layer' in [intermediate.recipe.options]: expected a number or a string, found "
      "a boolean");
  CHECK(error("options = 3") ==
        "FILE:12:22: expected a table [intermediate.recipe.options] of options, found an integer");
}

}  // namespace sojourn
