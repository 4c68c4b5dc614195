#include "core/config/study.h"

#include <algorithm>

#include "tests/core/config/study_file.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

using Stages = std::vector<std::vector<std::string>>;

using testing::minimal_study;
using testing::same;
using testing::StudyFile;

std::string full_study() {
  return R"(
schema = 1
name   = "does-it-hurt.v2"
seeds  = [1, 2, 30]
keep   = "all"

[encoder]
path = "/models/base"

[data]
root = "/data"

[recipes.default]
batch_size = 16
peak_lr    = 1
epochs     = 5

[[intermediate]]
name  = "pairs"
train = ["pairs"]
recipe = { epochs = 0.5, weight_decay = 0 }

[[intermediate]]
name  = "spans"
train = ["spans"]
recipe = { steps = 40 }
limit = { train = 100, dev = 10 }

[[target]]
task = "pairs-x"
train = ["pairs"]
languages = ["en", "sw"]
split = ["test", "dev"]
limit = { train = 20_000, test = 1_000 }

[[target]]
name = "last"
task = "twins"
layers = "all"
choose_on = "de"

[report]
baseline = "pairs"
)";
}

// How a stage trains whose task has no recipe of its own.
Recipe over_default(const Study& study, const PartialRecipe& recipe) {
  return recipe.over(study.default_recipe.over({}));
}

}  // namespace

TEST_CASE("The shortest study gets the documented defaults", "[config]") {
  const StudyFile file(minimal_study());
  const Study study = file.load();
  CHECK(study.schema == 1);
  CHECK(study.name == "tiny");
  CHECK(study.seeds == std::vector<std::uint64_t>{1});
  CHECK(study.keep == "intermediates");
  CHECK(study.baseline == "none");
  CHECK(study.intermediates.empty());
  REQUIRE(study.targets.size() == 1);

  const Target& target = study.targets[0];
  CHECK(target.name == "tags");
  CHECK(target.train.empty());
  CHECK(target.languages.empty());
  CHECK(target.splits == std::vector<std::string>{"test"});
  CHECK_FALSE(target.layer);
  CHECK(target.limit == Limit{});

  const Recipe recipe = over_default(study, target.recipe);
  CHECK(recipe.batch_size == 32);
  CHECK(recipe.micro_batch == 32);
  CHECK(recipe.max_tokens == 128);
  CHECK(recipe.peak_lr == 2e-5);
  CHECK(recipe.warmup == 0.1);
  CHECK(recipe.weight_decay == 0.01);
  CHECK(recipe.max_grad_norm == 1.0);
  CHECK(recipe.epochs == 2);
  CHECK_FALSE(recipe.steps);
  CHECK(recipe.evaluate == Evaluation{});
  CHECK(study.checkpoint.minutes == 10);
  CHECK_FALSE(study.checkpoint.steps);
}

TEST_CASE("Every key of a study reaches its place", "[config]") {
  const StudyFile file(full_study());
  const Study study = file.load();
  CHECK(study.name == "does-it-hurt.v2");
  CHECK(study.seeds == std::vector<std::uint64_t>{1, 2, 30});
  CHECK(study.keep == "all");
  CHECK(study.encoder == "/models/base");
  CHECK(study.data_root == "/data");
  CHECK(study.baseline == "pairs");
  CHECK(study.default_recipe.values.peak_lr == 1.0);  // an integer is a number, too
  REQUIRE(study.intermediates.size() == 2);
  CHECK(study.intermediates[1].stages == Stages{{"spans"}});
  CHECK(study.intermediates[1].limit == Limit{100, 10, std::nullopt});
  REQUIRE(study.targets.size() == 2);
  CHECK(study.targets[0].train == std::vector<std::string>{"pairs"});
  CHECK(study.targets[0].languages == std::vector<std::string>{"en", "sw"});
  CHECK(study.targets[0].splits == std::vector<std::string>{"test", "dev"});
  CHECK(study.targets[0].limit == Limit{20'000, std::nullopt, 1'000});
  CHECK(study.targets[1].name == "last");
  CHECK(study.targets[1].task == "twins");
  CHECK(study.targets[1].layers == "all");
  CHECK(study.targets[1].choose_on == "de");
}

TEST_CASE("A stage's recipe goes over the default one key by key", "[config]") {
  const StudyFile file(full_study());
  const Study study = file.load();
  const Recipe pairs = over_default(study, study.intermediates[0].recipe);
  CHECK(pairs.batch_size == 16);
  CHECK(pairs.epochs == 0.5);
  CHECK(pairs.weight_decay == 0);
  const Recipe spans = over_default(study, study.intermediates[1].recipe);
  CHECK(spans.batch_size == 16);
  CHECK(spans.weight_decay == 0.01);
  CHECK(spans.steps == 40);
  CHECK(spans.epochs == 0);
  CHECK(study.targets[0].recipe.given.empty());
}

TEST_CASE("Epochs of a stage replace the default's steps", "[config]") {
  const StudyFile file(minimal_study() + "recipe = { epochs = 3 }\n[recipes.default]\nsteps = 7\n");
  const Study study = file.load();
  const Recipe base = study.default_recipe.over({});
  CHECK(base.steps == 7);
  CHECK(base.epochs == 0);
  const Recipe target = over_default(study, study.targets[0].recipe);
  CHECK_FALSE(target.steps);
  CHECK(target.epochs == 3);
}

TEST_CASE("A split may be written without a list", "[config]") {
  const StudyFile file(minimal_study() + "split = 'dev'\n");
  CHECK(file.load().targets[0].splits == std::vector<std::string>{"dev"});
}

TEST_CASE("A study knows where its keys were written", "[config]") {
  const StudyFile file(minimal_study() + "languages = [ 'en' ]\n");
  const Study study = file.load({"target.tags.limit.test=3", "encoder.path=other"});
  const std::string name = file.path().string();
  const Target& target = study.targets[0];
  CHECK(target.where == name + ":7:1");
  CHECK(target.where_of("languages") == name + ":9:13");
  CHECK(target.where_of("split") == target.where);
  CHECK(target.where_of("limit") == "--set target.tags.limit.test");
  CHECK(target.where_of("languages.0") == name + ":9:13");
  CHECK(study.where_of("data.root") == name + ":6:8");
  CHECK(study.where_of("encoder.path") == "--set encoder.path");
}

TEST_CASE("The option --set changes keys, the later one wins, and tables appear as needed",
          "[config]") {
  const StudyFile file(full_study());
  const Study study = file.load({
      "recipes.default.batch_size=8",
      "recipes.default.batch_size = 4",
      "seeds=[7]",
      "target.pairs-x.limit.test=5",
      "target.last.recipe.peak_lr=0.5",
      "target.1.limit={dev=6}",
      "target.0.limit={train=9}",
      "intermediate.spans.recipe.max_tokens=16",
      "report.baseline=spans",
  });
  CHECK(study.default_recipe.values.batch_size == 4);
  CHECK(study.seeds == std::vector<std::uint64_t>{7});
  CHECK(study.targets[0].limit == Limit{9, std::nullopt, std::nullopt});  // the whole table
  CHECK(study.targets[1].recipe.values.peak_lr == 0.5);
  CHECK(study.targets[1].limit.dev == 6);
  CHECK(study.intermediates[1].recipe.values.max_tokens == 16);
  CHECK(study.baseline == "spans");
}

TEST_CASE("The option --set can drop all intermediates", "[config]") {
  const StudyFile file(full_study());
  CHECK(file.load({"intermediate=[]", "report.baseline=none"}).intermediates.empty());
}

TEST_CASE("The option --set of steps lifts the file's epochs, and the reverse", "[config]") {
  const StudyFile file(full_study());
  CHECK(file.load({"recipes.default.steps=9"}).default_recipe.values.steps == 9);
  const Study study = file.load({"intermediate.spans.recipe.epochs=4"});
  const Recipe spans = over_default(study, study.intermediates[1].recipe);
  CHECK(spans.epochs == 4);
  CHECK_FALSE(spans.steps);
}

TEST_CASE("The option --set of a chain lifts the file's train, but of layers not its layer",
          "[config]") {
  const StudyFile file(full_study());
  CHECK(file.load({"intermediate.spans.chain=[['a'], ['b']]"}).intermediates[1].stages ==
        Stages{{"a"}, {"b"}});
  const StudyFile layer(minimal_study() + "layer = 3\n");
  const Target target = layer.load({"target.tags.layers=all"}).targets[0];
  CHECK(target.layer == 3);
  CHECK(target.layers == "all");
}

TEST_CASE(
    "The option --set finds a table whose name holds a dot in quotes, and names go before numbers",
    "[config]") {
  const StudyFile file(minimal_study() +
                       "[[target]]\ntask='b'\nname='v.2'\n[[target]]\ntask='c'\nname='0'\n");
  const Study study = file.load({"target.\"v.2\".layer=4", "target.0.layer=5"});
  CHECK_FALSE(study.targets[0].layer);
  CHECK(study.targets[1].layer == 4);
  CHECK(study.targets[2].layer == 5);
}

TEST_CASE("The option --set finds a target by its name before its task", "[config]") {
  const StudyFile file(minimal_study() + "name = 'other'\n[[target]]\ntask='x'\nname='tags'\n");
  const Study study = file.load({"target.tags.layer=4"});
  CHECK_FALSE(study.targets[0].layer);
  CHECK(study.targets[1].layer == 4);
}

TEST_CASE("What isn't TOML after --set is a string", "[config]") {
  const StudyFile file(minimal_study());
  CHECK(file.load({"name=other-name"}).name == "other-name");
  CHECK(file.load({"name = other-name "}).name == "other-name");
  CHECK(file.load({"name='quoted'"}).name == "quoted");
  CHECK(file.load({"name=\"quoted\""}).name == "quoted");
  CHECK(file.load({"encoder.path=/a=b"}).encoder == "/a=b");
}

TEST_CASE("Paths are relative to the file, those of --set to the working directory", "[config]") {
  const StudyFile file(minimal_study());
  const Study study = file.load({"data.root=../real/./data/"});
  CHECK(study.encoder == file.folder() / "enc");
  CHECK(study.data_root == "../real/data");
  CHECK(study.encoder_written == "enc");
  CHECK(study.data_root_written == "../real/./data/");
}

TEST_CASE("Paths expand the home folder and environment variables", "[config]") {
  setenv("SOJOURN_TEST_DIR", "/some where", 1);
  setenv("HOME", "/home/me$SOJOURN_TEST_DIR", 1);
  const StudyFile file(minimal_study());
  const auto encoder = [&](const std::string& text) {
    return file.load({"encoder.path=" + text}).encoder.string();
  };
  CHECK(encoder("$SOJOURN_TEST_DIR/x") == "/some where/x");
  CHECK(encoder("${SOJOURN_TEST_DIR}2/x") == "/some where2/x");
  CHECK(encoder("/a/$SOJOURN_TEST_DIR") == "/a/some where");
  CHECK(encoder("~/x") == "/home/me$SOJOURN_TEST_DIR/x");
  CHECK(encoder("~") == "/home/me$SOJOURN_TEST_DIR");
  CHECK(encoder("/a/~/costs$/b$") == "/a/~/costs$/b$");
  const StudyFile in_file(replace_all(minimal_study(), "\"enc\"", "\"$SOJOURN_TEST_DIR\""));
  CHECK(in_file.load().encoder == "/some where");
}

TEST_CASE("A study written out and read again is the same study", "[config]") {
  const StudyFile file(full_study());
  const auto overrides = GENERATE(
      std::vector<std::string>{}, std::vector<std::string>{"recipes.default.steps=9"},
      std::vector<std::string>{"target.last.recipe.steps=3", "target.0.recipe.epochs=1e-7",
                               "recipes.default.peak_lr=1e30"},
      std::vector<std::string>{"encoder.path='/odd\"\\ \\u007f'",
                               "data.root=\"/tab\\t\u00e9\\u0001\"", "intermediate=[]",
                               "report.baseline=none"},
      std::vector<std::string>{"recipes.default.steps=[3, 4]",
                               "recipes.pairs={epochs=[1, 0.5], peak_lr=3}",
                               "recipes.\"a.b\".evaluate={every=[2], patience=3}",
                               "intermediate.spans.recipe.warmup=[0.25, 0]"},
      std::vector<std::string>{
          "intermediate.spans.train=['a', 'b']", "intermediate.spans.joint=true",
          "intermediate.spans.sampling={weights={a=0, b=2.5, twins=1e-9}}",
          "intermediate.spans.loss_weights={b=3}", "intermediate.spans.heads={a='b'}",
          "intermediate.spans.data=[{task='b', languages=['de']}, {task='a', train='x.tsv'}]",
          "target.0.recipe.evaluate={every=5, by=['pairs', 'a']}"},
      std::vector<std::string>{
          "intermediate.spans.chain=[['a'], ['b', 'a']]",
          "intermediate.spans.sampling={cap=9, exponent=0.5}", "intermediate.pairs.joint=true",
          "intermediate.pairs.sampling.by=size", "checkpoint={steps=7, minutes=0.5}"});
  const Study study = file.load(overrides);
  const std::string text = resolved_toml(study);
  const StudyFile again(text);
  const Study reread = again.load();
  CHECK(same(study, reread));
  CHECK(resolved_toml(reread) == text);
}

TEST_CASE("The study as resolved writes out defaults, overrides and paths as they were written",
          "[config]") {
  setenv("SOJOURN_TEST_DIR", "/elsewhere", 1);
  const StudyFile file(minimal_study() +
                       "limit = { test = 4 }\n[[intermediate]]\nname='a'\ntrain=['pairs']\n");
  const std::string text = resolved_toml(file.load(
      {"data.root=$SOJOURN_TEST_DIR/./data", "target.tags.recipe.steps=5", "seeds=[3, 1]"}));
  CHECK(text == R"(schema = 1
name = "tiny"
seeds = [3, 1]
keep = "intermediates"

[encoder]
path = "enc"

[data]
root = "$SOJOURN_TEST_DIR/./data"

[recipes.default]
batch_size = 32
micro_batch = 32
max_tokens = 128
peak_lr = 2e-05
warmup = 0.1
weight_decay = 0.01
max_grad_norm = 1.0
epochs = 2.0

[[intermediate]]
name = "a"
train = ["pairs"]

[[target]]
name = "tags"
task = "tags"
split = ["test"]

[target.recipe]
steps = 5

[target.limit]
test = 4

[report]
baseline = "none"
margin = 1.0
)");
}

}  // namespace sojourn
