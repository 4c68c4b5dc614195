// What an intermediate trains, and how: several tasks, chains, joint stages.
#include "tests/core/config/study_file.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

using testing::error_after;
using testing::minimal_study;
using testing::StudyFile;
using Stages = std::vector<std::vector<std::string>>;

// An intermediate with these lines in it, from line 11 of the file.
std::string arm(const std::string& lines) {
  return "[[intermediate]]\nname = 'arm'\n" + lines + "\n";
}

Intermediate load_arm(const std::string& lines) {
  return StudyFile(minimal_study() + arm(lines)).load().intermediates.at(0);
}

std::string arm_error(const std::string& lines) { return error_after(arm(lines)); }

}  // namespace

TEST_CASE("Every key of a schedule reaches its place", "[config]") {
  const Intermediate chain = load_arm(R"(chain = [['a', 'b'], ['b']]
sampling = { cap = 1_000, exponent = 0.5 }
loss_weights = { a = 0.1 }
heads = { a = 'shared', b = 'shared' }
data = [{ task = 'a', train = 'x-{language}.tsv' }, { task = 'b', languages = ['de', 'sw'] }]
recipe = { evaluate = { every = 100, limit = 500, patience = 30, by = ['b'] } })");
  CHECK(chain.stages == Stages{{"a", "b"}, {"b"}});
  CHECK(chain.tasks() == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(chain.joint);
  CHECK(chain.sampling == Sampling{"size", 1'000, 0.5, {}});
  CHECK(chain.loss_weights == std::map<std::string, double>{{"a", 0.1}});
  CHECK(chain.heads == std::map<std::string, std::string>{{"a", "shared"}, {"b", "shared"}});
  CHECK(chain.data ==
        std::vector<TaskData>{{"a", {"x-{language}.tsv"}, {}}, {"b", {}, {"de", "sw"}}});
  CHECK(chain.recipe.values.evaluate == Evaluation{100, 500, 30, {"b"}});
  CHECK(load_arm("train = ['a', 'b']").stages == Stages{{"a", "b"}});
}

TEST_CASE("Checkpoints are said in steps and minutes", "[config]") {
  const StudyFile file(minimal_study() + "[checkpoint]\nsteps = 50\nminutes = 0.5\n");
  CHECK(file.load().checkpoint == Checkpointing{50, 0.5});
}

TEST_CASE("Weights draw by weights, joint tasks come all at once unless sampled otherwise",
          "[config]") {
  CHECK(load_arm("train = ['a', 'b']").sampling.by == "size");
  CHECK(load_arm("train = ['a', 'b']\nsampling = { weights = { a = 2 } }").sampling ==
        Sampling{"weights", std::nullopt, 1, {{"a", 2}}});
  CHECK(load_arm("train = ['a']\njoint = true").sampling.by == "all");
  CHECK(load_arm("train = ['a']\njoint = true\nsampling.by = 'size'").sampling.by == "size");
  CHECK(load_arm("train = ['a']\njoint = true\nsampling.weights = { tags = 3 }").sampling.by ==
        "weights");
}

TEST_CASE("Data of the only task needn't name it, nor stand in a list", "[config]") {
  CHECK(load_arm("train = ['a']\ndata = { train = ['x', 'y'] }").data ==
        std::vector<TaskData>{{"a", {"x", "y"}, {}}});
  CHECK(load_arm("chain = [['a'], ['a']]\n[[intermediate.data]]\nlanguages = ['de']").data ==
        std::vector<TaskData>{{"a", {}, {"de"}}});
}

TEST_CASE("A place is that of the key, else of the table it would be in", "[config]") {
  const StudyFile file(minimal_study() +
                       arm("train = ['a']\n[intermediate.sampling]\n  weights = { a = 1 }\n"
                           "[[intermediate.data]]\nlanguages = ['de']"));
  const Intermediate found = file.load({"intermediate.arm.recipe.steps=[3]"}).intermediates.at(0);
  const std::string name = file.path().string();
  CHECK(found.where_of("sampling.weights.a") == name + ":13:19");
  CHECK(found.where_of("sampling.weights.b") == name + ":13:13");
  CHECK(found.where_of("sampling.cap") == name + ":12:1");
  CHECK(found.where_of("data.0.languages") == name + ":15:13");
  CHECK(found.where_of("recipe.steps") == "--set intermediate.arm.recipe.steps");
  CHECK(found.where_of("heads") == name + ":9:1");
}

TEST_CASE("A stage's recipe goes over its task's and the default's", "[config]") {
  const StudyFile file(minimal_study() + R"([recipes.default]
steps = 7
max_tokens = 64
[recipes.a]
epochs = 3
peak_lr = 1
batch_size = 4
[[intermediate]]
name = 'arm'
train = ['a', 'b']
recipe = { batch_size = 5 }
)");
  const Arm arm = arms_of(file.load()).at(1);
  const PartialRecipe& own = arm.intermediate->recipe;
  const std::vector<std::string> both{"a", "b"};
  const std::vector<std::string> one{"a"};

  const Recipe stage = stage_recipe(arm, both, own);
  CHECK(stage.peak_lr == 2e-5);  // of one task's recipe, nothing for the optimizer of two
  CHECK(stage.steps == 7);
  CHECK(stage.batch_size == 5);
  const Recipe data = task_recipe(arm, "a", own);
  CHECK(data.epochs == 3);
  CHECK_FALSE(data.steps);
  CHECK(data.batch_size == 5);
  CHECK(data.max_tokens == 64);
  CHECK(task_recipe(arm, "b", own).steps == 7);
  CHECK(stage_recipe(arm, one, own) == data);
  CHECK(stage_recipe(arm, one, {}).batch_size == 4);
}

TEST_CASE("An intermediate says once what it trains", "[config]") {
  CHECK(arm_error("train = ['a']\nchain = [['b']]") ==
        "FILE:12:1: 'train' and 'chain' in [[intermediate]] exclude each other; expected one of "
        "them");
  CHECK(arm_error("") == "FILE:9:1: the key 'train' or 'chain' is missing in [[intermediate]]");
  CHECK(arm_error("chain = []") ==
        "FILE:11:9: 'chain' in [[intermediate]] must not be an empty list");
  CHECK(arm_error("chain = [['a'], []]") ==
        "FILE:11:17: 'chain' in [[intermediate]] must not be an empty list");
  CHECK(arm_error("chain = ['a']") ==
        "FILE:11:10: 'chain' in [[intermediate]]: expected a list of strings, found a string "
        "('a')");
  CHECK(arm_error("chain = [['a'], ['b', 'b']]") ==
        "FILE:11:23: 'chain' in [[intermediate]] holds 'b' twice");
  CHECK(arm_error("train = ['a', 'a']") ==
        "FILE:11:15: 'train' in [[intermediate]] holds 'a' twice");
  CHECK(arm_error("joint = true\nchain = [['a'], ['b']]") ==
        "FILE:11:9: 'joint' and 'chain' in [[intermediate]] exclude each other: joint tasks are "
        "trained in the stages of targets; expected 'train' beside 'joint'");
  CHECK(arm_error("joint = 1\ntrain = ['a']") ==
        "FILE:11:9: 'joint' in [[intermediate]]: expected true or false, found an integer");
}

TEST_CASE("Sampling that contradicts itself is refused", "[config]") {
  const auto error = [](const std::string& sampling) {
    return arm_error("train = ['pairs', 'b']\nsampling = { " + sampling + " }");
  };
  CHECK(error("by = 'sizes'") ==
        "FILE:12:19: 'by' in [intermediate.sampling] must be 'size', 'weights' or 'all', found "
        "'sizes'");
  CHECK(error("by = 'all', weights = { b = 1 }") ==
        "FILE:12:36: 'weights' in [intermediate.sampling] contradicts by = \"all\"; expected by = "
        "\"weights\", or no 'by'");
  CHECK(error("by = 'weights'") ==
        "FILE:12:19: by = \"weights\" in [intermediate.sampling] needs weights; expected weights "
        "= { TASK = NUMBER } beside it");
  CHECK(error("by = 'all', cap = 5") ==
        "FILE:12:32: 'cap' in [intermediate.sampling] is about sizes, and tasks are drawn by = "
        "\"all\"; expected by = \"size\" beside it");
  CHECK(error("weights = { b = 1 }, exponent = 1") ==
        "FILE:12:46: 'exponent' in [intermediate.sampling] is about sizes, and tasks are drawn by "
        "= \"weights\"; expected by = \"size\" beside it");
  CHECK(error("weights = { pairs = 0, b = 0.0 }") ==
        "FILE:12:24: 'weights' in [intermediate.sampling] sum to 0 where pairs, b are trained; "
        "expected one greater than 0");
  CHECK(error("weights = { pairs = 0 }") == "");  // the other one's is 1
  CHECK(error("weights = { b = -1 }") ==
        "FILE:12:30: 'b' in [intermediate.sampling.weights] must be at least 0, found -1");
  CHECK(error("weights = {}") ==
        "FILE:12:24: expected a table [intermediate.sampling.weights] of tasks, found an empty "
        "one");
  CHECK(error("weights = 2") ==
        "FILE:12:24: expected a table [intermediate.sampling.weights] of tasks, found an integer");
  CHECK(arm_error("chain = [['a', 'b'], ['a']]\nsampling = { weights = { a = 0 } }") ==
        "FILE:12:24: 'weights' in [intermediate.sampling] sum to 0 where a is trained; expected "
        "one greater than 0");
}

TEST_CASE("What is said of a task is about one that is trained", "[config]") {
  const auto error = [](const std::string& line) {
    return arm_error("train = ['pairs', 'b']\n" + line);
  };
  const std::string rest =
      ", which 'arm' doesn't train; expected one of: pairs, b (did you mean 'pairs'?)";
  CHECK(error("sampling = { weights = { pair = 1 } }") ==
        "FILE:12:33: [intermediate.sampling.weights] names 'pair'" + rest);
  CHECK(error("loss_weights = { pair = 1 }") ==
        "FILE:12:25: [intermediate.loss_weights] names 'pair'" + rest);
  CHECK(error("heads = { pair = 'x' }") == "FILE:12:18: [intermediate.heads] names 'pair'" + rest);
  CHECK(error("data = { task = 'pair', languages = ['de'] }") ==
        "FILE:12:17: [intermediate.data] names 'pair'" + rest);
  CHECK(error("loss_weights = { b = 0 }") ==
        "FILE:12:22: 'b' in [intermediate.loss_weights] must be greater than 0, found 0");
  CHECK(error("heads = { b = 'a/b' }") ==
        "FILE:12:15: 'b' in [intermediate.heads] must be letters, digits, '-', '_' and '.', and "
        "not start with '.', found 'a/b'");
  // Beside joint tasks, those of targets are trained.
  CHECK(error("joint = true\nloss_weights = { tags = 2 }\nheads = { tags = 'x' }") == "");
  CHECK(error("joint = true\ndata = { task = 'tags', languages = ['de'] }") ==
        "FILE:13:17: [intermediate.data] names 'tags', which 'arm' doesn't train; expected one "
        "of: pairs, b");
}

TEST_CASE("Data that is replaced belongs to one task", "[config]") {
  const auto error = [](const std::string& data) {
    return arm_error("train = ['a', 'b']\ndata = " + data);
  };
  CHECK(error("{ train = 'x' }") ==
        "FILE:12:8: [[intermediate.data]] doesn't say which task's data it is; expected 'task', "
        "one of: a, b");
  CHECK(error("[{ task = 'a', train = 'x' }, { task = 'a', train = 'y' }]") ==
        "FILE:12:47: [[intermediate.data]] is about 'a' a second time; expected one table a task");
  CHECK(error("{ task = 'a' }") ==
        "FILE:12:8: [[intermediate.data]] replaces nothing; expected 'train' or 'languages'");
  CHECK(error("[]") == "FILE:12:8: expected at least one [[intermediate.data]] table");
  CHECK(error("'x'") == "FILE:12:8: expected [[intermediate.data]] tables, found a string ('x')");
}

TEST_CASE("What says how to evaluate needs to know when", "[config]") {
  const std::string rest =
      " is about evaluations, and nothing says when they are; expected 'every' beside it";
  CHECK(error_after("[recipes.default.evaluate]\npatience = 3\n") ==
        "FILE:10:12: 'patience'" + rest);
  CHECK(error_after("[recipes.a.evaluate]\nlimit = 3\n") == "FILE:10:9: 'limit'" + rest);
  CHECK(error_after("recipe.evaluate.limit = 3\n") == "FILE:9:25: 'limit'" + rest);
  CHECK(arm_error("train = ['a']\nrecipe.evaluate.by = ['a']") == "FILE:12:22: 'by'" + rest);
  CHECK(error_after("recipe.evaluate.limit = 3\n[recipes.default]\nevaluate.every = [1, 2]\n") ==
        "");
  CHECK(arm_error("train = ['a']\nrecipe.evaluate.patience = 2\n[recipes.a]\n"
                  "evaluate.every = 5") == "");
}

TEST_CASE("What selects weights is a task of the stage", "[config]") {
  const std::string every = "recipe.evaluate = { every = 5, by = ['pair'] }\n";
  CHECK(arm_error("train = ['pairs']\n" + every) ==
        "FILE:12:37: 'by' in [intermediate.recipe.evaluate] names 'pair', which 'arm' doesn't "
        "train; expected one of: pairs (did you mean 'pairs'?)");
  CHECK(error_after("train = ['pairs']\n" + every) ==
        "FILE:10:37: 'by' in [target.recipe.evaluate] names 'pair', which 'tags' doesn't train; "
        "expected one of: pairs (did you mean 'pairs'?)");
  CHECK(error_after("train = ['pairs']\n" + every + arm("train = ['pair']\njoint = true")) == "");
  CHECK(error_after(every) == "");  // its plugin knows what it trains
  CHECK(error_after("[recipes.a.evaluate]\nevery = 5\nby = ['a']\n") ==
        "FILE:11:6: 'by' names tasks of one stage; expected it in the recipe of an "
        "[[intermediate]] or a [[target]]");
}

}  // namespace sojourn
