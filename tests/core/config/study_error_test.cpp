#include <cstdlib>

#include "tests/core/config/study_file.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

using testing::error_after;
using testing::minimal_study;
using testing::StudyFile;

// The message about [recipes.default] with this line in it, line 10 of the file.
std::string recipe_error(const std::string& line) {
  return error_after("[recipes.default]\n" + line + "\n");
}

std::string error_without(const std::string& lines) {
  REQUIRE(minimal_study().find(lines) != std::string::npos);
  return StudyFile(replace_all(minimal_study(), lines, "")).error();
}

}  // namespace

TEST_CASE("A missing study file is named", "[config]") {
  CHECK_THROWS_WITH(load_study("/no/such/study.toml"), Catch::StartsWith("/no/such/study.toml: "));
}

TEST_CASE("Broken TOML is reported with line and column", "[config]") {
  CHECK_THAT(error_after("split = [\n"), Catch::StartsWith("FILE:9:11: not valid TOML: "));
  CHECK_THAT(error_after("task = 'again'\n"), Catch::StartsWith("FILE:9:8: not valid TOML: "));
  CHECK_THAT(error_after("languages = ['\xff']\n"),
             Catch::StartsWith("FILE:9:14: not valid TOML: "));
}

TEST_CASE("An unknown key is named with its table and the nearest known key", "[config]") {
  CHECK(recipe_error("  peak_rl = 1e-5") ==
        "FILE:10:3: unknown key 'peak_rl' in [recipes.default] (did you mean 'peak_lr'?)");
  CHECK(error_after("langages = ['en']\n") ==
        "FILE:9:1: unknown key 'langages' in [[target]] (did you mean 'languages'?)");
  CHECK(error_after("recipe = { epoch = 1 }\n") ==
        "FILE:9:12: unknown key 'epoch' in [target.recipe] (did you mean 'epochs'?)");
  CHECK(error_after("limit = { tset = 1 }\n") ==
        "FILE:9:11: unknown key 'tset' in [target.limit] (did you mean 'test'?)");
  CHECK(error_after("[[intermediate]]\nnmae = 'x'\n") ==
        "FILE:10:1: unknown key 'nmae' in [[intermediate]] (did you mean 'name'?)");
  CHECK(StudyFile("sead = 1\n" + minimal_study()).error() ==
        "FILE:1:1: unknown key 'sead' at the top level (did you mean 'seeds'?)");
  CHECK(error_after("[report]\nbaselines = 'x'\n") ==
        "FILE:10:1: unknown key 'baselines' in [report] (did you mean 'baseline'?)");
}

TEST_CASE("Of two unknown keys the one further up is reported", "[config]") {
  CHECK_THAT(recipe_error("zeal = 1\naim = 2"), Catch::StartsWith("FILE:10:1: unknown key 'zeal'"));
}

TEST_CASE("An unknown key of --set is reported like one in a file", "[config]") {
  CHECK(error_after("", {"recipes.default.peak_rl=1"}) ==
        "--set recipes.default.peak_rl: unknown key 'peak_rl' in [recipes.default] "
        "(did you mean 'peak_lr'?)");
  CHECK(error_after("", {"recipse.default.peak_lr=1"}) ==
        "--set recipse.default.peak_lr: unknown key 'recipse' at the top level "
        "(did you mean 'recipes'?)");
}

TEST_CASE("A value of another type says what was expected and what was found", "[config]") {
  const std::string in = " in [recipes.default]: ";
  CHECK(recipe_error("batch_size = '8'") ==
        "FILE:10:14: 'batch_size'" + in + "expected an integer, found a string ('8')");
  CHECK(recipe_error("batch_size = 8.0") ==
        "FILE:10:14: 'batch_size'" + in + "expected an integer, found a float");
  CHECK(recipe_error("steps = {}") ==
        "FILE:10:9: 'steps'" + in + "expected an integer, found a table");
  CHECK(recipe_error("warmup = true") ==
        "FILE:10:10: 'warmup'" + in + "expected a number, found a boolean");
  CHECK(error_after("name = 2024-01-01\n") ==
        "FILE:9:8: 'name' in [[target]]: expected a string, found a date or time");
  CHECK(error_after("languages = 'en'\n") ==
        "FILE:9:13: 'languages' in [[target]]: expected a list of strings, found a string ('en')");
  CHECK(error_after("languages = ['en', 3]\n") ==
        "FILE:9:20: 'languages' in [[target]]: expected a string, found an integer");
  CHECK(
      error_after("split = 3\n") ==
      "FILE:9:9: 'split' in [[target]]: expected a string or a list of strings, found an integer");
  CHECK(error_after("limit = 3\n") ==
        "FILE:9:9: expected a table [target.limit], found an integer");
  CHECK(error_after("", {"target=[3]"}) ==
        "--set target: expected a table [[target]], found an integer");
  CHECK(error_after("", {"encoder=x"}) ==
        "--set encoder: expected a table [encoder], found a string ('x')");
  CHECK(
      error_after("", {"seeds=[1,"}) ==
      "--set seeds: 'seeds' at the top level: expected a list of integers, found a string ('[1,')");
  CHECK(error_after("[intermediate]\nname = 'x'\n") ==
        "FILE:9:1: expected [[intermediate]] tables, found a table");
}

TEST_CASE("A number out of its range says which range", "[config]") {
  const std::string in = " in [recipes.default] must be ";
  CHECK(recipe_error("batch_size = 0") ==
        "FILE:10:14: 'batch_size'" + in + "in [1, 1000000], found 0");
  CHECK(recipe_error("steps = -5") == "FILE:10:9: 'steps'" + in + "at least 1, found -5");
  CHECK(recipe_error("warmup = 1.0") == "FILE:10:10: 'warmup'" + in + "in [0, 1), found 1");
  CHECK(recipe_error("warmup = -0.5") == "FILE:10:10: 'warmup'" + in + "in [0, 1), found -0.5");
  CHECK(recipe_error("peak_lr = 0") == "FILE:10:11: 'peak_lr'" + in + "greater than 0, found 0");
  CHECK(recipe_error("peak_lr = nan") ==
        "FILE:10:11: 'peak_lr'" + in + "finite and greater than 0, found nan");
  CHECK(recipe_error("peak_lr = inf") ==
        "FILE:10:11: 'peak_lr'" + in + "finite and greater than 0, found inf");
  CHECK(recipe_error("epochs = 0") == "FILE:10:10: 'epochs'" + in + "greater than 0, found 0");
  CHECK(recipe_error("weight_decay = -1") ==
        "FILE:10:16: 'weight_decay'" + in + "at least 0, found -1");
  CHECK(error_after("limit = { train = 0 }\n") ==
        "FILE:9:19: 'train' in [target.limit] must be at least 1, found 0");
  CHECK(error_after("", {"seeds=[-1]"}) ==
        "--set seeds: 'seeds' at the top level must be at least 0, found -1");
}

TEST_CASE("Words outside their set are refused", "[config]") {
  CHECK(error_after("split = 'tests'\n") ==
        "FILE:9:9: 'split' in [[target]] must be 'train', 'dev' or 'test', found 'tests'");
  CHECK(error_after("", {"keep=some"}) ==
        "--set keep: 'keep' at the top level must be 'intermediates' or 'all', found 'some'");
  const std::string folder =
      " must be letters, digits, '-', '_' and '.', and not start with '.', found ";
  for (const std::string name : {"", "a/b", "..", ".hidden", "a b", "\u00e9"}) {
    CHECK(error_after("name = '" + name + "'\n") ==
          "FILE:9:8: 'name' in [[target]]" + folder + "'" + name + "'");
    CHECK(error_after("", {"name='" + name + "'"}) ==
          "--set name: 'name' at the top level" + folder + "'" + name + "'");
  }
  CHECK(error_after("", {"data.root="}) ==
        "--set data.root: 'root' in [data] must not be empty, found ''");
}

TEST_CASE("A missing key or table is named", "[config]") {
  CHECK(error_without("schema = 1\n") == "FILE:1:1: the key 'schema' is missing at the top level");
  CHECK(error_without("name = \"tiny\"\n") ==
        "FILE:1:1: the key 'name' is missing at the top level");
  CHECK(error_without("[encoder]\npath = \"enc\"\n") == "FILE:1:1: the table [encoder] is missing");
  CHECK(error_without("path = \"enc\"\n") == "FILE:3:1: the key 'path' is missing in [encoder]");
  CHECK(error_without("[data]\nroot = \"data\"\n") == "FILE:1:1: the table [data] is missing");
  CHECK(error_without("root = \"data\"\n") == "FILE:5:1: the key 'root' is missing in [data]");
  CHECK(error_without("task = \"tags\"\n") == "FILE:7:1: the key 'task' is missing in [[target]]");
  CHECK(error_without("[[target]]\ntask = \"tags\"\n") ==
        "FILE:1:1: a study needs at least one [[target]] table");
  CHECK(error_after("", {"target=[]"}) == "--set target: expected at least one [[target]] table");
  CHECK(error_after("[[intermediate]]\nname = 'a'\n") ==
        "FILE:9:1: the key 'train' or 'chain' is missing in [[intermediate]]");
  CHECK(StudyFile("").error() == "FILE:1:1: the key 'schema' is missing at the top level");
}

TEST_CASE("Another schema is reported before its unknown keys", "[config]") {
  const std::string text =
      "new-in-2 = 1\n" + replace_all(minimal_study(), "schema = 1", "schema = 2");
  CHECK(StudyFile(text).error() == "FILE:2:10: 'schema' at the top level must be 1, found 2");
}

TEST_CASE("Names and list items are there once", "[config]") {
  CHECK(error_after("[[target]]\ntask = 'tags'\n") ==
        "FILE:9:1: the name 'tags' of [[target]] is taken already, at FILE:7:1; expected another "
        "'name'");
  CHECK(error_after("[[target]]\ntask = 'tags'\nname = 'tags-2'\n") == "");
  const std::string arm = "[[intermediate]]\nname = 'a'\ntrain = ['p']\n";
  CHECK(error_after(arm + arm) ==
        "FILE:13:8: the name 'a' of [[intermediate]] is taken already, at FILE:10:8; "
        "expected another 'name'");
  CHECK(error_after("", {"seeds=[4, 5, 4]"}) ==
        "--set seeds: 'seeds' at the top level holds 4 twice");
  CHECK(error_after("", {"seeds=[]"}) ==
        "--set seeds: 'seeds' at the top level must not be an empty list");
  CHECK(error_after("languages = ['en', 'de', 'en']\n") ==
        "FILE:9:26: 'languages' in [[target]] holds 'en' twice");
}

TEST_CASE("One arm is called none, and only the one without an intermediate", "[config]") {
  CHECK(error_after("[[intermediate]]\nname = 'none'\ntrain = ['p']\n") ==
        "FILE:10:8: an [[intermediate]] can't be called 'none': that is the arm without one");
}

TEST_CASE("A target has one training set of its own", "[config]") {
  CHECK(error_after("train = ['p', 'q']\n") ==
        "FILE:9:9: 'train' in [[target]] names 2 tasks; expected one: more are trained beside it "
        "by a joint [[intermediate]]");
}

TEST_CASE("Steps and epochs exclude each other in one table", "[config]") {
  CHECK(recipe_error("epochs = 2\nsteps = 5") ==
        "FILE:11:1: 'epochs' and 'steps' in [recipes.default] exclude each other; expected one of "
        "them");
  CHECK(
      error_after("", {"recipes.default.epochs=2", "recipes.default.steps=5"}) ==
      "--set recipes.default.steps: 'epochs' and 'steps' in [recipes.default] exclude each other; "
      "expected one of them");
}

TEST_CASE("The baseline is an arm of the study", "[config]") {
  CHECK(error_after(
            "[report]\nbaseline = 'pair'\n[[intermediate]]\nname = 'pairs'\ntrain = ['p']\n") ==
        "FILE:10:12: 'baseline' in [report] is 'pair'; expected one of: none, pairs "
        "(did you mean 'pairs'?)");
}

TEST_CASE("The option --set says what is wrong with its own key", "[config]") {
  const std::string usage =
      ": expected KEY=VALUE with a dotted key, as in recipes.default.batch_size=16";
  for (const std::string text : {"", "=", "seeds", "a..b=1", "=3", "a b=1"}) {
    CHECK(error_after("", {text}) == "--set " + text + usage);
  }
  CHECK(error_after("", {"data.root=\xff"}) == "--set data.root=\xff: is not valid UTF-8");
  CHECK(error_after("", {"target.tag.layer=1"}) ==
        "--set target.tag.layer: no [[target]] is called 'tag' (did you mean 'tags'?)");
  CHECK(error_after("", {"target.1.layer=1"}) ==
        "--set target.1.layer: there is no [[target]] number 1; the study has 1, counted from 0");
  CHECK(error_after("[[target]]\ntask='tags'\nname='b'\n", {"target.tags.layer=1"}) ==
        "--set target.tags.layer: 2 [[target]] tables have the task 'tags'; say which by its "
        "number from 0");
  CHECK(error_after("", {"name.first=1"}) ==
        "--set name.first: 'name' is no table, but a string ('tiny')");
  CHECK(error_after("", {"target.0=1"}) == "--set target.0: 'target' is no table, but a list");
}

TEST_CASE("A path that can't be expanded is refused", "[config]") {
  unsetenv("SOJOURN_TEST_UNSET");
  setenv("SOJOURN_TEST_EMPTY", "", 1);
  const StudyFile file(replace_all(minimal_study(), "\"enc\"", "\"a/$SOJOURN_TEST_UNSET/b\""));
  CHECK(file.error() ==
        "FILE:4:8: the path 'a/$SOJOURN_TEST_UNSET/b' uses the environment variable "
        "SOJOURN_TEST_UNSET, which is not set");
  CHECK(error_after("", {"data.root=${SOJOURN_TEST_EMPTY}"}) ==
        "--set data.root: the path '${SOJOURN_TEST_EMPTY}' uses the environment variable "
        "SOJOURN_TEST_EMPTY, which is not set");
  for (const std::string path : {"${", "${}", "${A", "a${A-B}"}) {
    CHECK(error_after("", {"data.root=" + path}) ==
          "--set data.root: the path '" + path + "' has a ${ without NAME}");
  }
  CHECK(error_after("", {"data.root=~you/x"}) ==
        "--set data.root: the path '~you/x' starts with another user's ~; expected ~/ or a full "
        "path");
}

}  // namespace sojourn
