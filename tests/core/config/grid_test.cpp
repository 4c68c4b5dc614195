// Lists in recipes: the arms that they make.
#include "tests/core/config/study_file.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

using testing::error_after;
using testing::minimal_study;
using testing::StudyFile;
using Names = std::vector<std::string>;

std::vector<Arm> arms(const std::string& more) {
  return arms_of(StudyFile(minimal_study() + more).load());
}

Names names(const std::vector<Arm>& arms) {
  Names found;
  for (const auto& arm : arms) found.push_back(arm.name);
  return found;
}

Names baselines(const std::vector<Arm>& arms) {
  Names found;
  for (const auto& arm : arms) found.push_back(arm.baseline);
  return found;
}

}  // namespace

TEST_CASE("Without lists the arms are none and the intermediates", "[config]") {
  const auto found = arms(R"([[intermediate]]
name = 'b'
train = ['b']
[[intermediate]]
name = 'a'
train = ['a']
[report]
baseline = 'b'
)");
  CHECK(names(found) == Names{"none", "b", "a"});
  CHECK(baselines(found) == Names{"b", "b", "b"});
  CHECK_FALSE(found[0].intermediate);
  CHECK(found[2].intermediate->name == "a");
  CHECK(found[2].targets.size() == 1);
}

TEST_CASE("A list in an intermediate's recipe multiplies its arm alone", "[config]") {
  const auto found = arms(R"([[intermediate]]
name = 'a'
train = ['a']
recipe = { warmup = [0.5, 0], peak_lr = [1e-5, 3e-05] }
)");
  CHECK(names(found) == Names{"none", "a,peak_lr=1e-05,warmup=0.5", "a,peak_lr=1e-05,warmup=0",
                              "a,peak_lr=3e-05,warmup=0.5", "a,peak_lr=3e-05,warmup=0"});
  CHECK(baselines(found) == Names(5, "none"));
  const Recipe second = stage_recipe(found[2], Names{"a"}, found[2].intermediate->recipe);
  CHECK(second.peak_lr == 1e-5);
  CHECK(second.warmup == 0);
  CHECK(found[2].intermediate->recipe.grid.empty());
}

TEST_CASE("Lists that hold for all arms multiply all, and compare at equal numbers", "[config]") {
  const auto found = arms(R"(recipe = { steps = [5, 9] }
[recipes.default]
batch_size = [4, 8]
[recipes.tags.evaluate]
every = [3]
[[intermediate]]
name = 'a'
train = ['a']
recipe = { peak_lr = [1, 2] }
)");
  REQUIRE(found.size() == 12);
  CHECK(found[0].name == "none,batch_size=4,evaluate.every=3,steps=5");
  CHECK(found[1].name == "none,batch_size=4,evaluate.every=3,steps=9");
  CHECK(found[2].name == "none,batch_size=8,evaluate.every=3,steps=5");
  CHECK(found[11].name == "a,peak_lr=2,batch_size=8,evaluate.every=3,steps=9");
  CHECK(found[11].baseline == "none,batch_size=8,evaluate.every=3,steps=9");
  const Recipe recipe = stage_recipe(found[11], Names{"tags"}, found[11].targets[0].recipe);
  CHECK(recipe.batch_size == 8);
  CHECK(recipe.evaluate.every == 3);
  CHECK(recipe.steps == 9);
  CHECK(recipe.epochs == 0);
  CHECK(stage_recipe(found[11], Names{"a"}, found[11].intermediate->recipe).peak_lr == 2);
  CHECK_FALSE(stage_recipe(found[11], Names{"a"}, found[11].intermediate->recipe).steps);
}

TEST_CASE("A key that is a list in two places is named with its owner", "[config]") {
  const auto found = arms(R"(recipe = { warmup = [0.5, 0.25], steps = [2] }
[recipes.default]
warmup = [0, 0.125]
[recipes.x]
steps = [1]
[[intermediate]]
name = 'a'
train = ['x']
recipe = { warmup = [0.75], epochs = [4] }
[[intermediate]]
name = 'b'
train = ['x']
recipe = { epochs = [4] }
)");
  CHECK(found[0].name == "none,warmup=0,x.steps=1,tags.warmup=0.5,tags.steps=2");
  CHECK(found[4].name ==
        "a,a.warmup=0.75,epochs=4,warmup=0,x.steps=1,tags.warmup=0.5,tags.steps=2");
  CHECK(found[8].name == "b,epochs=4,warmup=0,x.steps=1,tags.warmup=0.5,tags.steps=2");
}

TEST_CASE("An intermediate's list is told from the default's", "[config]") {
  const auto found = arms(R"([recipes.default]
warmup = [0]
[[intermediate]]
name = 'a'
train = ['x']
recipe = { warmup = [0.5] }
)");
  CHECK(names(found) == Names{"none,warmup=0", "a,a.warmup=0.5,warmup=0"});
}

TEST_CASE("The order of lines in a recipe doesn't change the arms", "[config]") {
  CHECK(names(arms("[recipes.default]\nwarmup = [0]\npeak_lr = [1]\n")) ==
        names(arms("[recipes.default]\npeak_lr = [1]\nwarmup = [0]\n")));
}

TEST_CASE("The arms of a study as resolved are those of its file", "[config]") {
  const StudyFile file(minimal_study() + R"([recipes.x]
steps = [3, 1]
[recipes.default]
warmup = [0.5, 0]
peak_lr = [1, 2e-7]
)");
  const Study study = file.load();
  CHECK(names(arms_of(StudyFile(resolved_toml(study)).load())) == names(arms_of(study)));
}

TEST_CASE("A baseline with a list in its own recipe is one arm of it", "[config]") {
  const std::string study = R"([recipes.default]
warmup = [0, 0.5]
[[intermediate]]
name = 'a'
train = ['a']
recipe = { peak_lr = [1, 2] }
[report]
)";
  const auto found = arms(study + "baseline = 'a,peak_lr=2'\n");
  REQUIRE(found.size() == 6);
  CHECK(found[0].baseline == "a,peak_lr=2,warmup=0");
  CHECK(found[3].baseline == "a,peak_lr=2,warmup=0.5");
  CHECK(found[4].baseline == found[4].name);
  CHECK(error_after(study + "baseline = 'a'\n") ==
        "FILE:16:12: 'baseline' in [report] is 'a'; expected one of: none, a,peak_lr=1, "
        "a,peak_lr=2");
}

TEST_CASE("A list in a recipe holds distinct numbers of the key's kind", "[config]") {
  const auto error = [](const std::string& line) {
    return error_after("[recipes.default]\n" + line + "\n");
  };
  const std::string in = " in [recipes.default]";
  CHECK(error("peak_lr = []") == "FILE:10:11: 'peak_lr'" + in + " must not be an empty list");
  CHECK(error("peak_lr = [1e-5, 0.00001]") == "FILE:10:18: 'peak_lr'" + in + " holds 1e-05 twice");
  CHECK(error("peak_lr = [1, 1.0]") == "FILE:10:15: 'peak_lr'" + in + " holds 1 twice");
  CHECK(error("steps = [1, 2.5]") ==
        "FILE:10:13: 'steps'" + in + ": expected an integer, found a float");
  CHECK(error("warmup = [0, 1]") == "FILE:10:14: 'warmup'" + in + " must be in [0, 1), found 1");
  CHECK(error("steps = [1]\nepochs = [1]") ==
        "FILE:10:1: 'epochs' and 'steps'" + in + " exclude each other; expected one of them");
  CHECK(error_after("limit = { test = [1, 2] }\n") ==
        "FILE:9:18: 'test' in [target.limit]: expected an integer, found a list");
}

}  // namespace sojourn
