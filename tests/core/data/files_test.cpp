#include "core/data/files.h"

#include <fstream>

#include "core/base/temporary_directory.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

Manifest manifest_with(const std::vector<std::string>& patterns) {
  Manifest manifest;
  manifest.name = "tags";
  manifest.languages = {"en", "de", "sw"};
  manifest.codes = {{"sw", "swh"}};
  manifest.splits["test"] = {{"words", patterns}};
  return manifest;
}

void touch(const std::filesystem::path& file) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << "x";
}

TEST_CASE("the first pattern that exists is the file", "[core][data]") {
  const TemporaryDirectory root;
  touch(root.path() / "tags/test-de.tsv");
  touch(root.path() / "tags/ud/de_gsd-ud-test.conllu");
  touch(root.path() / "tags/ud/en_ewt-ud-test.conllu");
  const auto manifest =
      manifest_with({"tags/{split}-{language}.tsv", "tags/*/{language}_*-ud-{split}.conllu"});
  CHECK(find_files(manifest, "test", "de", root.path()).at("words").filename() == "test-de.tsv");
  CHECK(find_files(manifest, "test", "en", root.path()).at("words").filename() ==
        "en_ewt-ud-test.conllu");
  CHECK(languages_present(manifest, "test", root.path()) == std::vector<std::string>{"en", "de"});
}

TEST_CASE("a language's own code stands in file names", "[core][data]") {
  const TemporaryDirectory root;
  touch(root.path() / "pairs.swh");
  CHECK(find_files(manifest_with({"pairs.{code}"}), "test", "sw", root.path()).size() == 1);
}

TEST_CASE("a missing file names every path that was tried and the languages there",
          "[core][data]") {
  const TemporaryDirectory root;
  touch(root.path() / "a/test-en.tsv");
  const auto manifest = manifest_with({"a/test-{language}.tsv", "b/{language}.tsv"});
  const auto message = input_error_of([&] { find_files(manifest, "test", "de", root.path()); });
  CHECK_THAT(message, Catch::Contains("a/test-de.tsv") && Catch::Contains("b/de.tsv") &&
                          Catch::Contains("'tags'") && Catch::Contains("languages there: en"));
}

TEST_CASE("an optional file may be missing, all of them may not", "[core][data]") {
  const TemporaryDirectory root;
  auto manifest = manifest_with({"a/{language}.tsv"});
  manifest.splits["test"][0].optional = true;
  manifest.splits["test"].push_back({"more", {"b/{language}.tsv"}, true});
  CHECK(languages_present(manifest, "test", root.path()).empty());
  CHECK_THAT(input_error_of([&] { find_files(manifest, "test", "de", root.path()); }),
             Catch::Contains("a/de.tsv: no such file") && Catch::Contains("b/de.tsv"));
  touch(root.path() / "b/de.tsv");
  CHECK(languages_present(manifest, "test", root.path()) == std::vector<std::string>{"de"});
  const auto files = find_files(manifest, "test", "de", root.path());
  CHECK(files.size() == 1);
  CHECK(files.contains("more"));
}

TEST_CASE("a pattern that matches two files is refused, not guessed", "[core][data]") {
  const TemporaryDirectory root;
  touch(root.path() / "en_a-ud-test.conllu");
  touch(root.path() / "en_b-ud-test.conllu");
  const auto manifest = manifest_with({"{language}_*-ud-{split}.conllu"});
  CHECK_THAT(input_error_of([&] { find_files(manifest, "test", "en", root.path()); }),
             Catch::Contains("2 files"));
}

TEST_CASE("a split that the task hasn't is refused with those it has", "[core][data]") {
  const auto manifest = manifest_with({"x"});
  CHECK_THAT(input_error_of([&] { find_files(manifest, "dev", "en", "."); }),
             Catch::Contains("it has: test"));
}

}  // namespace
}  // namespace sojourn
