#include "core/report/declared.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/run/declare.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

Declared example() {
  Declared made;
  made.scores = 7;
  made.scores_before = 3;
  made.baseline = "none";
  made.margin = 1.5;
  made.languages.measures["class"] = {"how much", "a paper", true};
  made.languages.languages["sw"] = {"Swahili", {{"class", 2.0}}};
  made.grouping = {"class", {"how much", "a paper", true}, {{"low", "class at most 2", {"sw"}}}};
  Hypothesis hypothesis;
  hypothesis.name = "h";
  hypothesis.arm = "a";
  hypothesis.direction = "harms";
  hypothesis.published = -2;
  made.hypotheses = {hypothesis};
  made.tasks["pairs"] = {{"correct", "total"},
                         {{"accuracy", "accuracy", MetricSpec::How::kRatio, {0, 1}, true}}};
  return made;
}

class File {
 public:
  explicit File(const std::string& text) { write_file(path(), text); }
  std::filesystem::path path() const { return folder_.path() / "declared.json"; }

 private:
  TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("what a study declares comes back from its file", "[core][report]") {
  const File file(to_json(example()));
  const Declared read = read_declared(file.path());
  CHECK(to_json(read) == to_json(example()));
  CHECK(read.scores_before == 3);
  CHECK_FALSE(read.hypotheses.at(0).margin);
  CHECK(read.tasks.at("pairs").metrics.at(0).evaluate({3, 4}) == 75);
}

TEST_CASE("declarations are the same whenever they were made, and of whatever tasks",
          "[core][report]") {
  Declared later = example();
  later.scores_before = 7;
  later.tasks.clear();
  CHECK(same_declarations(example(), later));
  later.hypotheses[0].direction = "helps";
  CHECK_FALSE(same_declarations(example(), later));
}

TEST_CASE("a study declares the same with more seeds and elsewhere, not of other targets or arms",
          "[core][report]") {
  const Study study;
  Study other = study;
  other.seeds = {1, 2, 3};
  other.data_root_written = "elsewhere";
  CHECK(fingerprint(study, {}) == fingerprint(other, {}));
  other.targets.emplace_back().name = "t";
  CHECK(fingerprint(study, {}) != fingerprint(other, {}));
  other = study;
  other.intermediates.emplace_back().name = "a";
  CHECK(fingerprint(study, {}) != fingerprint(other, {}));
  StudyLanguages languages;
  languages.grouping.measure = "family";
  CHECK(fingerprint(study, languages) != fingerprint(study, {}));
}

TEST_CASE("a file that declares nothing of the kind is refused", "[core][report]") {
  for (const std::string text : {"{}", "[", R"({"scores":1})"}) {
    const File file(text);
    CHECK_THROWS_WITH(read_declared(file.path()), Catch::Contains("not what a run declared"));
  }
}

}  // namespace sojourn
