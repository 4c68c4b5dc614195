// What a study says of its report: groups of languages, and hypotheses.
#include "core/config/languages.h"
#include "tests/core/config/study_file.h"

#include <catch2/catch.hpp>

namespace sojourn {

namespace {

using testing::error_after;
using testing::minimal_study;
using testing::StudyFile;
using Names = std::vector<std::string>;

constexpr const char* kLanguages = R"([measure.class]
about = 'how much data there is'
source = 'a paper'
[measure.family]
about = 'descent'
source = 'a book'
[language.de]
name = 'German'
class = 5
family = 'Germanic'
[language.sw]
name = 'Swahili'
class = 2
family = 'Bantu'
[language.tr]
name = 'Turkish'
class = 3.5
[language.yo]
name = 'Yoruba'
family = 'Bantu'
)";

// What languages_of() makes of such a [report].
StudyLanguages grouped(const std::string& report, const std::string& languages = kLanguages) {
  const StudyFile file(minimal_study() + "[report]\ngroups = 'languages.toml'\n" + report);
  file.add("languages.toml", languages);
  return languages_of(file.load());
}

std::string grouping_error(const std::string& report, const std::string& languages = kLanguages) {
  try {
    grouped(report, languages);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

const std::string kArm = "[[intermediate]]\nname = 'arm'\ntrain = ['a']\n";

std::string hypothesis(const std::string& lines) {
  return kArm + "[[hypothesis]]\nname = 'h'\n" + lines + "\n";
}

}  // namespace

TEST_CASE("Thresholds group languages, and one without a value is in no group", "[config]") {
  const auto grouping = grouped("measure = 'class'\nlow = 2\nhigh = 4").grouping;
  REQUIRE(grouping.groups.size() == 3);
  CHECK(grouping.of_measure.source == "a paper");
  CHECK(grouping.groups[0].name == "low");
  CHECK(grouping.groups[0].rule == "class at most 2");
  CHECK(grouping.groups[0].languages == Names{"sw"});
  CHECK(grouping.groups[1].languages == Names{"tr"});
  CHECK(grouping.groups[2].languages == Names{"de"});

  const auto two = grouped("measure = 'class'\nlow = 3.5").grouping.groups;
  REQUIRE(two.size() == 2);
  CHECK(two[0].languages == Names{"sw", "tr"});
  CHECK(two[1].rule == "class more than 3.5");
}

TEST_CASE("Words are groups, in a column of one's own too", "[config]") {
  const auto groups = grouped("measure = 'family'").grouping.groups;
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].name == "Bantu");
  CHECK(groups[0].languages == Names{"sw", "yo"});
}

TEST_CASE("A grouping that can't be is refused at its line", "[config]") {
  const std::string line = "study.toml:";
  CHECK_THAT(grouping_error("measure = 'clas'\nlow = 1"),
             Catch::Contains(line) && Catch::Contains("did you mean 'class'"));
  CHECK_THAT(grouping_error("measure = 'class'"), Catch::Contains("expected 'low' and 'high'"));
  CHECK_THAT(grouping_error("measure = 'class'\nlow = 4\nhigh = 4"),
             Catch::Contains("expected less than 'high'"));
  CHECK_THAT(grouping_error("measure = 'family'\nlow = 1"), Catch::Contains("is in words"));
  CHECK_THAT(grouping_error("low = 1"), Catch::Contains("expected 'measure' beside it"));
}

TEST_CASE("A column of the languages needs a source, and one kind of value", "[config]") {
  const std::string base = kLanguages;
  const auto error = [&](const std::string& more) {
    return grouping_error("measure = 'family'", base + more);
  };
  CHECK_THAT(error("clas = 3\n"),
             Catch::Contains("languages.toml:21") && Catch::Contains("did you mean 'class'"));
  CHECK_THAT(error("class = 'many'\n"), Catch::Contains("expected a number as at"));
  CHECK_THAT(error("[measure.mine]\nabout = 'x'\n"), Catch::Contains("lacks 'source'"));
  CHECK_THAT(error("[language.zz]\nclass = 1\n"), Catch::Contains("'name' is missing"));
}

TEST_CASE("The languages that come with the program can be grouped by all their measures",
          "[config]") {
  const auto table = load_languages(SOJOURN_SOURCE_DIR "/configs/languages.toml");
  CHECK(table.languages.size() == 40);  // XTREME's
  for (const auto& [name, measure] : table.measures) {
    CHECK_FALSE(measure.source.empty());
    std::size_t known = 0;
    for (const auto& [code, facts] : table.languages) known += facts.values.count(name);
    CHECK(known >= 39);
  }
  CHECK(std::get<double>(table.languages.at("sw").values.at("joshi_class")) == 2);
  CHECK_FALSE(table.languages.at("yo").values.contains("cc100_tokens"));  // XLM-R has never seen it
}

TEST_CASE("Hypotheses are read, and written back", "[config]") {
  const std::string text = minimal_study() + hypothesis(R"(claim = 'it helps'
arm = 'arm'
targets = ['tags']
languages = ['de']
direction = 'no harm'
margin = 0.5
published = -1.5
source = 'a paper')") + "[report]\nmargin = 2\n";
  const Study study = StudyFile(text).load();
  REQUIRE(study.hypotheses.size() == 1);
  const Hypothesis& read = study.hypotheses[0];
  CHECK(read.direction == "no harm");
  CHECK(read.margin == 0.5);
  CHECK(read.published == -1.5);
  CHECK(study.margin == 2);
  CHECK(resolved_toml(StudyFile(resolved_toml(study)).load()) == resolved_toml(study));
}

TEST_CASE("A hypothesis about what isn't in the study names the line and what is", "[config]") {
  CHECK_THAT(error_after(hypothesis("arm = 'amr'\ndirection = 'helps'")),
             Catch::Contains("FILE:14") && Catch::Contains("did you mean 'arm'"));
  CHECK_THAT(error_after(hypothesis("arm = 'arm'\ntargets = ['x']\ndirection = 'helps'")),
             Catch::Contains("'targets' of the hypothesis 'h' is 'x'"));
  CHECK_THAT(error_after(hypothesis("arm = 'arm'\ndirection = 'heals'")),
             Catch::Contains("must be 'helps', 'harms'"));
  CHECK_THAT(error_after(hypothesis("arm = 'none'\ndirection = 'helps'")),
             Catch::Contains("compares 'none' with itself"));
  CHECK_THAT(error_after(
                 hypothesis("arm = 'arm'\nlanguages = ['de']\ngroup = 'low'\ndirection = 'helps'")),
             Catch::Contains("exclude each other"));
  const StudyFile file(minimal_study() +
                       hypothesis("arm = 'arm'\ngroup = 'lo'\ndirection = 'harms'") +
                       "[report]\ngroups = 'languages.toml'\nmeasure = 'class'\nlow = 2\n");
  file.add("languages.toml", kLanguages);
  CHECK_THROWS_WITH(languages_of(file.load()),
                    Catch::Contains("study.toml:15") && Catch::Contains("did you mean 'low'"));
}

}  // namespace sojourn
