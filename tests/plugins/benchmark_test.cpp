// Predictions in XTREME's folders, scored by the bundled tasks.
#include "core/eval/benchmark.h"

#include <filesystem>
#include <iostream>
#include <map>
#include <string>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "plugins/catalog.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  void gold(const std::string& name, const std::string& text) { write("labels", name, text); }
  void predicted(const std::string& name, const std::string& text) {
    write("predictions", name, text);
  }
  BenchmarkScores score(const std::string& task, bool allow_missing = false) {
    return score_benchmark(catalog_.task(task), directory_.path(), allow_missing);
  }
  // Without the folder's own path in front.
  std::string error(const std::string& task) {
    const auto message = input_error_of([&] { score(task); });
    return message.substr(directory_.path().string().size() + 1);
  }

 private:
  void write(const std::string& side, const std::string& name, const std::string& text) {
    fs::create_directories((directory_.path() / side / name).parent_path());
    write_file(directory_.path() / side / name, text);
  }

  TemporaryDirectory directory_;
  PluginCatalog catalog_{{fs::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"}};
};

// The benchmark's own values for its mock data.
TEST_CASE("XTREME's mock predictions score as its own script scores them", "[tasks][benchmark]") {
  const fs::path mock = fs::path(SOJOURN_SOURCE_DIR) / "../shared/data/fixtures/xtreme_mock";
  if (!fs::exists(mock)) {
    std::cout << "SKIPPED: no ../shared/data beside the project\n";
    return;
  }
  const auto [task, metric, value] = GENERATE(table<std::string, std::string, double>({
      {"xnli", "accuracy", 30.666666666666668},
      {"pawsx", "accuracy", 51.42857142857143},
      {"panx", "f1", 57.50793650793652},
      {"udpos", "f1", 70.21746048354693},
      {"bucc2018", "f1", 55.0},
      {"tatoeba", "accuracy", 53.611111111111114},
      {"xquad", "exact_match", 77.27272727272727},
      {"xquad", "f1", 79.9586776859504},
      {"mlqa", "exact_match", 57.142857142857146},
      {"mlqa", "f1", 81.76870748299321},
      {"tydiqa", "exact_match", 88.88888888888889},
      {"tydiqa", "f1", 97.22222222222223},
  }));
  CAPTURE(task, metric);
  PluginCatalog catalog({fs::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"});
  const auto scores = score_benchmark(catalog.task(task), mock, false);
  CHECK(scores.mean.at(metric) == Approx(value).epsilon(0).margin(1e-9));
}

// The mean of the values above, F1 and exact match of a task together one of them.
TEST_CASE("XTREME's mock predictions have the mean of its nine tasks", "[tasks][benchmark]") {
  const fs::path mock = fs::path(SOJOURN_SOURCE_DIR) / "../shared/data/fixtures/xtreme_mock";
  if (!fs::exists(mock)) {
    std::cout << "SKIPPED: no ../shared/data beside the project\n";
    return;
  }
  PluginCatalog catalog({fs::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"});
  const auto summary = score_benchmark(catalog, mock, false);
  CHECK(summary.tasks.size() == 9);
  const double expected =
      (30.666666666666668 + 51.42857142857143 + 57.50793650793652 + 70.21746048354693 + 55.0 +
       53.611111111111114 + (77.27272727272727 + 79.9586776859504) / 2 +
       (57.142857142857146 + 81.76870748299321) / 2 + (88.88888888888889 + 97.22222222222223) / 2) /
      9;
  CHECK(mean_score(summary).value() == Approx(expected).epsilon(0).margin(1e-9));
}

TEST_CASE("The mean is over languages, whatever their size", "[tasks][benchmark]") {
  Folder folder;
  folder.gold("xnli/test-en.tsv", "neutral\n");
  folder.predicted("xnli/test-en.tsv", "neutral\n");
  folder.gold("xnli/test-sw.tsv", "neutral\nneutral\nentailment\n");
  folder.predicted("xnli/test-sw.tsv", "neutral\nentailment\nneutral");
  const auto scores = folder.score("xnli");
  CHECK(scores.profile == "accuracy");
  CHECK(scores.per_language.at("sw").at("accuracy") == Approx(100.0 / 3));
  CHECK(scores.mean.at("accuracy") == Approx((100 + 100.0 / 3) / 2));
  CHECK(to_json(scores).find(R"("mean":{"accuracy":66.6)") != std::string::npos);
}

TEST_CASE("Missing predictions are an error with their number, or wrong", "[tasks][benchmark]") {
  Folder folder;
  folder.gold("udpos/test-en.tsv", "ADJ\nNOUN\n\nVERB\n\n");
  folder.predicted("udpos/test-en.tsv", "ADJ\nNOUN\n\n");
  folder.gold("udpos/test-de.tsv", "ADJ\n");
  CHECK(folder.error("udpos") ==
        "predictions: 2 examples of task 'udpos' have no prediction, all of de among them; "
        "--allow-missing scores them as wrong");
  const auto scores = folder.score("udpos", true);
  CHECK(scores.missing == 2);
  CHECK(scores.per_language.at("de").at("f1") == 0);
  CHECK(scores.per_language.at("en").at("f1") == Approx(100.0 * 2 / 3));  // 2 of 3
}

TEST_CASE("Predictions that fit no gold are refused with the file", "[tasks][benchmark]") {
  Folder folder;
  folder.gold("xnli/test-en.tsv", "neutral\n");
  folder.predicted("xnli/test-en.tsv", "neutral\nneutral\n");
  CHECK(folder.error("xnli") ==
        "predictions/xnli/test-en.tsv: 2 predictions, expected 1, one for each example");
  folder.predicted("xnli/test-en.tsv", "neutral\n");
  folder.predicted("xnli/test-sw.tsv", "neutral\n");
  CHECK_THAT(folder.error("xnli"),
             Catch::StartsWith("predictions/xnli/test-sw.tsv: no gold for it: no file "));
  folder.gold("udpos/test-en.tsv", "ADJ\nNOUN\n");
  folder.predicted("udpos/test-en.tsv", "ADJ\n");
  CHECK_THAT(folder.error("udpos"),
             Catch::StartsWith("predictions/udpos/test-en.tsv: ") &&
                 Catch::EndsWith("sentence 1: the prediction has 1 tags, expected 2"));
  CHECK_THAT(folder.error("panx"), Catch::StartsWith("labels/panx/test-af.tsv: no such file"));
}

}  // namespace
}  // namespace sojourn
