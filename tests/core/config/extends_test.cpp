// Studies that extend others.
#include "tests/core/config/study_file.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

using testing::minimal_study;
using testing::same;
using testing::StudyFile;

std::string base() {
  return R"(schema = 1
name = "base"
seeds = [1, 2]
[encoder]
path = "enc"
[data]
root = "data"
[recipes.default]
peak_lr = 1
epochs = 5
[recipes.pairs]
steps = 3
[[intermediate]]
name = "a"
train = ["pairs"]
limit = { train = 5 }
[[target]]
task = "tags"
languages = ["en", "de"]
limit = { dev = 5 }
)";
}

// A study over base(), which is in `folder` below it.
class Over : public StudyFile {
 public:
  explicit Over(const std::string& text, const std::string& folder = "")
      : StudyFile("extends = '" + folder + "base.toml'\n" + text) {
    add(folder + "base.toml", base());
  }
};

}  // namespace

TEST_CASE("A study takes from the file that it extends what it doesn't say itself", "[config]") {
  const Over file(R"(name = "mine"
[recipes.default]
steps = 9
[recipes.tags]
warmup = 0
[report]
baseline = "a"
)");
  const Study study = file.load();
  CHECK(study.name == "mine");
  CHECK(study.seeds == std::vector<std::uint64_t>{1, 2});
  CHECK(study.baseline == "a");
  CHECK(study.default_recipe.values.peak_lr == 1);
  CHECK(study.default_recipe.over({}).steps == 9);  // in place of the base's epochs
  CHECK(study.default_recipe.over({}).epochs == 0);
  CHECK(study.task_recipes.at("pairs").values.steps == 3);
  CHECK(study.task_recipes.at("tags").values.warmup == 0);
  CHECK(study.targets.size() == 1);
}

TEST_CASE("Stages of one name are merged, lists are replaced, other stages follow", "[config]") {
  const Over file(R"([[target]]
task = "tags"
languages = ["sw"]
limit = { test = 7 }
[[target]]
task = "tags"
name = "second"
[[intermediate]]
name = "b"
train = ["pairs"]
[[intermediate]]
name = "a"
chain = [["x"], ["y"]]
)");
  const Study study = file.load();
  REQUIRE(study.targets.size() == 2);
  CHECK(study.targets[0].languages == std::vector<std::string>{"sw"});
  CHECK(study.targets[0].limit == Limit{std::nullopt, 5, 7});
  CHECK(study.targets[1].name == "second");
  CHECK(study.targets[1].languages.empty());
  REQUIRE(study.intermediates.size() == 2);
  CHECK(study.intermediates[0].name == "a");
  CHECK(study.intermediates[0].stages.size() == 2);
  CHECK(study.intermediates[0].limit.train == 5);
  CHECK(study.intermediates[1].name == "b");
}

TEST_CASE("A second stage of one name in one file isn't merged away", "[config]") {
  const Over file("[[target]]\ntask = 'tags'\n[[target]]\ntask = 'tags'\n");
  CHECK_THAT(file.error(), Catch::Contains("FILE:4:1: the name 'tags' of [[target]] is taken"));
}

TEST_CASE("Paths of a file that is extended are relative to it", "[config]") {
  const Over file("data.root = 'mine'\n", "sub/dir/");
  const Study study = file.load();
  CHECK(study.encoder == file.folder() / "sub/dir/enc");
  CHECK(study.encoder_written == "sub/dir/enc");
  CHECK(study.data_root == file.folder() / "mine");
  CHECK(file.load({"encoder.path=enc"}).encoder == "enc");

  const StudyFile up("extends = 'sub/x.toml'");
  up.add("sub/x.toml", "extends = '../other/y.toml'");
  up.add("other/y.toml", base());
  CHECK(up.load().encoder == up.folder() / "other/enc");
  CHECK(up.load().encoder_written == "other/enc");
  CHECK(same(up.load(), load_study(up.folder() / "other/y.toml")));
  setenv("SOJOURN_TEST_DIR", "/some where", 1);
  up.add("other/y.toml", replace_all(base(), "\"enc\"", "\"$SOJOURN_TEST_DIR/enc\""));
  CHECK(up.load().encoder_written == "$SOJOURN_TEST_DIR/enc");
}

TEST_CASE("A study that extends another is written out whole", "[config]") {
  setenv("SOJOURN_TEST_DIR", "/some where", 1);
  const Over file("encoder.path = '$SOJOURN_TEST_DIR/e'\n", "sub/");
  const Study study = file.load();
  const std::string text = resolved_toml(study);
  CHECK_THAT(text, !Catch::Contains("extends") && Catch::Contains("\"$SOJOURN_TEST_DIR/e\"") &&
                       Catch::Contains("\"sub/data\""));
  file.add("resolved.toml", text);
  CHECK(same(load_study(file.folder() / "resolved.toml"), study));
}

TEST_CASE("The path of a file that is extended expands variables", "[config]") {
  const StudyFile file(minimal_study());
  setenv("SOJOURN_TEST_DIR", file.folder().c_str(), 1);
  CHECK(StudyFile("extends = '$SOJOURN_TEST_DIR/study.toml'").load().name == "tiny");
}

TEST_CASE("The option --set applies to the merged study", "[config]") {
  const Over file("[[target]]\ntask = 'tags'\nlimit = { test = 7 }\n");
  const Study study = file.load({"target.tags.limit.dev=9", "recipes.default.steps=2"});
  CHECK(study.targets[0].limit == Limit{std::nullopt, 9, 7});
  CHECK(study.default_recipe.over({}).steps == 2);
  CHECK(file.error({"extends=x.toml"}) ==
        "--set extends: a study extends another one in its file only");
}

TEST_CASE("A mistake in a file that is extended is found there", "[config]") {
  const StudyFile file("extends = 'sub/b.toml'");
  file.add("sub/b.toml", minimal_study() + "layr = 3\n");
  CHECK(file.error() ==
        "DIR/sub/b.toml:9:1: unknown key 'layr' in [[target]] (did you mean 'layer'?)");
}

TEST_CASE("Files can't extend each other in a circle, nor what isn't there", "[config]") {
  const StudyFile file("name = 'x'\nextends = 'b.toml'");
  CHECK(file.error() == "FILE:2:11: 'extends' at the top level names DIR/b.toml: no such file");
  file.add("b.toml", "extends = 'sub/c.toml'");
  file.add("sub/c.toml", "extends = '../b.toml'");
  CHECK(file.error() ==
        "DIR/sub/c.toml:1:11: files extend each other in a circle: FILE -> DIR/b.toml -> "
        "DIR/sub/c.toml -> DIR/b.toml; expected a file that doesn't lead back");
  file.add("b.toml", "extends = 'study.toml'");
  CHECK(file.error() ==
        "DIR/b.toml:1:11: files extend each other in a circle: FILE -> DIR/b.toml -> FILE; "
        "expected a file that doesn't lead back");
  file.add("b.toml", "extends = 3");
  CHECK(file.error() ==
        "DIR/b.toml:1:11: 'extends' at the top level: expected a string, found an integer");
}

}  // namespace sojourn
