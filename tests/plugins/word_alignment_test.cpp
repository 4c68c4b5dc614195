// The bundled word alignment: its files and features, its losses beside PyTorch's, and what it
// measures beside numpy.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "core/eval/scorer.h"
#include "tests/metrics/retrieval_case.h"
#include "tests/plugins/task_on_files.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using nlohmann::json;

// ---- files and features ----

TEST_CASE("A word list is pairs between tabs, or between single spaces", "[tasks][lexalign]") {
  TaskOnFiles task("lexalign");
  const auto [content, n] = GENERATE(table<std::string, std::int64_t>({
      {"\xEF\xBB\xBFmbwa\tdog\r\nbarafu\tice cream\n", 2},
      {"mbwa dog\npaka cat\njicho eye\n", 3},
      {"ab\tc\na\tbc\n", 2},
  }));
  task.file("pairs", content);
  const auto data = task.open();
  CHECK(data->size() == n);
  CHECK(data->example(1).id == "2");
}

TEST_CASE("A word list that is wrong is refused with file and line", "[tasks][lexalign]") {
  TaskOnFiles task("lexalign");
  const auto [content, message] = GENERATE(table<std::string, std::string>({
      {"", ":1: the file is empty"},
      {"mbwa\tdog\npaka\n", ":2: 1 column between tabs, expected 2"},
      {"mbwa\tdog\tn\n", ":1: 3 columns between tabs, expected 2"},
      {"mbwa dog\npaka  cat\n", ":2: 2 spaces, expected 1 between two words"},
      {"mbwa dog\npaka\tcat\n", ":2: 0 spaces, expected 1 between two words"},
      {"mbwa\tdog\n\tcat\n", ":2: no foreign word"},
      {"mbwa\tdog\npaka\t \n", ":2: no English word"},
      {"mbwa\tdog\npaka\tcat\nmbwa\tdog\n", ":3: the pair 'mbwa', 'dog' again, first on line 1"},
      {"mbwa\tdo\xFFg\n", ":1: byte 8 of the line isn't UTF-8"},
  }));
  CAPTURE(content);
  task.file("pairs", content);
  CHECK(task.error() == task.path("pairs") + message);
}

TEST_CASE("A word may have 32 translations and no more", "[tasks][lexalign]") {
  TaskOnFiles task("lexalign");
  std::string content;
  for (int i = 0; i < 32; ++i) content += "word\tmeaning" + std::to_string(i) + "\n";
  task.file("pairs", content);
  CHECK(task.open()->size() == 32);
  task.file("pairs", content + "word\tone more\n");
  CHECK(task.error() == task.path("pairs") + ":33: word 'word' has more than 32 translations");
}

TEST_CASE("A feature is both words and the numbers of all translations", "[tasks][lexalign]") {
  TaskOnFiles task("lexalign");
  task.file("pairs", "mbwa\tdog\nasubuhi\tmorning\nmbwa\thound\nmbwa-mwitu\tdog\n");
  const auto features = task.features(*task.open());
  REQUIRE(features.size() == 4);
  const auto row = [&](std::int64_t feature, std::size_t field) {
    const ArrayView view = features.field(feature, field);
    std::int64_t n = 1;
    for (const auto size : view.shape) n *= size;
    const auto* data = static_cast<const std::int64_t*>(view.data);
    return Ints(data, data + n);
  };
  // Pieces of up to four bytes: "asub" "uhi", "morn" "ing"; the shorter choice is filled with -1.
  CHECK(row(0, 0) == Ints{0, 10 + 'm', 2, 0, 10 + 'd', 2});
  CHECK(row(2, 0) == Ints{0, 10 + 'm', 2, -1, 0, 10 + 'h', 10 + 'd', 2});
  CHECK(features.field(1, 0).shape == Ints{2, 4});
  // A vector of each distinct word, where it comes first.
  CHECK(row(0, 1) == Ints{0, 1});
  CHECK(row(2, 1) == Ints{-1, 1});
  CHECK(row(3, 1) == Ints{0, -1});
  const std::int64_t dog = row(0, 2)[0];
  const std::int64_t hound = row(2, 2)[0];
  CHECK(dog >= 0);
  CHECK(dog != hound);
  CHECK(row(3, 2) == Ints{dog});
  Ints both(32, -1);
  both[0] = dog;
  both[1] = hound;
  CHECK(row(0, 3) == both);
  CHECK(row(2, 3) == both);
  CHECK(row(3, 3)[1] == -1);
}

TEST_CASE("An English word has the same number in every file", "[tasks][lexalign]") {
  const auto number_of_first = [](const std::string& content) {
    TaskOnFiles task("lexalign");
    task.file("pairs", content);
    return integers(task.features(*task.open()), 0, 2)[0];
  };
  CHECK(number_of_first("hond\tdog\n") == number_of_first("mbwa\tdog\npaka\tcat\n"));
}

// ---- losses ----

struct AlignmentHead {
  explicit AlignmentHead(const TaskOptions& options)
      : head(catalog.task("lexalign")
                 .create_head({6, 0, 0, options},
                              [](std::string_view name, const std::vector<std::int64_t>&,
                                 std::string_view) -> at::Tensor {
                                FAIL("a parameter " << name);
                                return {};
                              })) {}

  at::Tensor loss(const at::Tensor& mean, const at::Tensor& english, const at::Tensor& translations,
                  const RandomKey& key = {}) {
    const std::vector<at::Tensor> inputs{mean, english, translations};
    const HeadBatch batch{inputs, mean.size(0), /*training=*/true, key, 0};
    CHECK(head->forward(batch).empty());
    return head->loss(batch, {});
  }

  PluginCatalog catalog{{std::filesystem::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"}};
  std::unique_ptr<Head> head;
};

TaskOptions options_of(const json& object) {
  TaskOptions options;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) {
      options[name] = value.get<std::string>();
    } else {
      options[name] = value.get<double>();
    }
  }
  return options;
}

at::Tensor floats(const json& value) {
  if (!value.front().is_array()) return at::tensor(value.get<std::vector<float>>());
  std::vector<at::Tensor> rows;
  for (const auto& row : value) rows.push_back(floats(row).unsqueeze(0));
  return at::cat(rows);
}
at::Tensor wholes(const json& value) {
  if (!value.front().is_array()) return at::tensor(value.get<std::vector<std::int64_t>>());
  std::vector<at::Tensor> rows;
  for (const auto& row : value) rows.push_back(wholes(row).unsqueeze(0));
  return at::cat(rows);
}

TEST_CASE("Losses and gradients are PyTorch's", "[tasks][lexalign]") {
  const json all = read_golden("alignment").at("losses");
  for (const auto& golden : all) {
    CAPTURE(golden.at("options").dump());
    AlignmentHead made(options_of(golden.at("options")));
    const auto mean = floats(golden.at("mean")).requires_grad_();
    const auto loss =
        made.loss(mean, wholes(golden.at("english")), wholes(golden.at("translations")));
    CHECK(loss.item<double>() == Approx(golden.at("loss").get<double>()).epsilon(1e-6));
    loss.backward();
    const auto gradient = floats(golden.at("gradient"));
    const double largest = std::max(1.0, gradient.abs().max().item<double>());
    CHECK((mean.grad() - gradient).abs().max().item<double>() < 1e-6 * largest);
  }
}

// Central differences; the step fits the float32 that cross-entropy is computed in.
TEST_CASE("The gradient of a loss is the loss's slope", "[tasks][lexalign]") {
  const json golden = read_golden("alignment").at("losses");
  const auto [which, step, tolerance] = GENERATE(
      table<std::size_t, double, double>({{0, 1e-5, 1e-7}, {1, 1e-5, 1e-7}, {2, 1e-2, 2e-3}}));
  const json& one = golden.at(which);
  AlignmentHead made(options_of(one.at("options")));
  const auto english = wholes(one.at("english"));
  const auto translations = wholes(one.at("translations"));
  const auto mean = floats(one.at("mean")).to(at::kDouble).requires_grad_();
  made.loss(mean, english, translations).backward();
  const at::NoGradGuard no_grad;
  const auto slopes = at::zeros_like(mean);
  for (std::int64_t i = 0; i < mean.numel(); ++i) {
    const auto at_distance = [&](double distance) {
      const auto moved = mean.detach().clone();
      moved.view({-1})[i] += distance;
      const std::vector<at::Tensor> inputs{moved, english, translations};
      return made.head->loss({inputs, moved.size(0), /*training=*/false, {}, 0}, {}).item<double>();
    };
    slopes.view({-1})[i] = (at_distance(step) - at_distance(-step)) / (2 * step);
  }
  CHECK((slopes - mean.grad()).abs().max().item<double>() < tolerance);
}

TEST_CASE("A batch without a negative gives no loss and no gradient", "[tasks][lexalign]") {
  const auto mean = floats(json::parse("[[[1,2],[2,1]],[[3,1],[1,1]]]")).requires_grad_();
  const auto english = at::tensor(std::vector<std::int64_t>{7, 8});
  const auto translations = at::tensor(std::vector<std::int64_t>{7, 8, 8, 7}).view({2, 2});
  const std::string loss = GENERATE("triplet", "infonce");
  AlignmentHead made({{"loss", loss}});
  const auto value = made.loss(mean, english, translations);
  CHECK(value.item<double>() == 0);
  value.backward();
  CHECK(mean.grad().abs().max().item<double>() == 0);
}

TEST_CASE("The triplet loss draws a true negative anew in every step", "[tasks][lexalign]") {
  const auto mean =
      floats(json::parse("[[[1,0],[1,0]],[[1,0],[0,1]],[[1,0],[-1,0]]]")).requires_grad_();
  const auto english = at::tensor(std::vector<std::int64_t>{1, 2, 3});
  const auto own = english.view({3, 1});
  AlignmentHead made({{"loss", std::string("triplet")}, {"margin", 2.0}});
  std::vector<int> seen(10, 0);
  for (std::uint64_t step = 0; step < 64; ++step) {
    const auto draw = [&] { return made.loss(mean, english, own, {1, 0, step}).item<double>(); };
    CHECK(draw() == draw());
    ++seen.at(static_cast<std::size_t>(std::lround(draw())));
  }
  // Row 0 gives 1 or 0, row 1 gives 3 or 1, row 2 gives 4 or 3, each equally often.
  CHECK(seen[4] > 0);
  CHECK(seen[8] > 0);
  CHECK(seen[4] + seen[5] + seen[6] + seen[7] + seen[8] == 64);
}

// ---- measures ----

TEST_CASE("What is measured of pairs is what numpy computes", "[tasks][lexalign]") {
  const json golden = read_golden("alignment").at("measures");
  TaskOnFiles task("lexalign");
  task.file("pairs", golden.at("lines"));
  const auto data = task.open(64, {}, "test", "sw");
  const auto foreign = floats(golden.at("foreign"));
  const auto english = floats(golden.at("english"));
  for (const auto& expected : golden.at("cases")) {
    const auto n = expected.at("pairs").get<std::size_t>();
    CAPTURE(n);
    // As many vectors as the first n pairs have words.
    std::int64_t counts[] = {0, 0};
    const auto features = task.features(*data);
    for (std::size_t i = 0; i < n; ++i) {
      const auto sides = integers(features, static_cast<std::int64_t>(i), 1);
      counts[0] += sides[0] == 0 ? 1 : 0;
      counts[1] += sides[1] == 1 ? 1 : 0;
    }
    const auto search =
        search_between(foreign.narrow(0, 0, counts[0]), english.narrow(0, 0, counts[1]));
    auto found = predictions(*data->decoder(), static_cast<std::size_t>(data->size()), &search);
    found.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      CAPTURE(i);
      const json got = json::parse(found[i]);
      const json& want = expected.at("predictions").at(i);
      CHECK(got.at("to_english") == want.at("to_english"));
      CHECK(got.at("from_english") == want.at("from_english"));
      for (const char* number : {"cosine", "random_cosine", "isotropy"})
        CHECK(got.at(number).get<double>() ==
              Approx(want.at(number).get<double>()).epsilon(1e-6).margin(1e-6));
    }
    const auto scores = score_predictions(task.manifest(), *data, found);
    CHECK(scores.metrics.size() == expected.at("metrics").size());
    for (const auto& metric : scores.metrics) {
      CAPTURE(metric.metric);
      CHECK(metric.profile == "lexalign-1");
      CHECK(metric.primary == (metric.metric == "csls_to_english"));
      CHECK(metric.value ==
            Approx(expected.at("metrics").at(metric.metric).get<double>()).epsilon(1e-6));
    }
  }
}

TEST_CASE("Any known translation is right, and negative cosines stay negative",
          "[tasks][lexalign]") {
  TaskOnFiles task("lexalign");
  task.file("pairs", "mbwa\tdog\nmbwa\thound\npaka\tcat\n");
  const auto data = task.open();
  const auto scored = [&](const char* nearest, const char* random) {
    return data->score(
        0, std::string(R"({"to_english": {"nearest": ")") + nearest +
               R"(", "csls": "cat", "rank": 4}, "from_english": {"nearest": "mbwa", "csls": "paka",
               "rank": 1}, "cosine": -0.5, "random_cosine": )" +
               random + R"(, "isotropy": -0.25})");
  };
  CHECK(scored("hound", "-0.75") ==
        std::vector<double>{1, -0.5, 1, -0.75, 0.25, 0.0625, 1, 1, 0, 0, 0.25, 1, -0.25});
  CHECK(scored("cat", "null") ==
        std::vector<double>{1, -0.5, 0, 0, 0, 0, 0, 1, 0, 0, 0.25, 1, -0.25});
  CHECK_THROWS_WITH(scored("cat", "1.5"), Catch::Contains("a cosine is 1.5"));
  CHECK_THROWS_WITH(data->score(2, "cat"), Catch::Contains("the prediction of pair 3 isn't what"));
}

TEST_CASE("A pair without a word that isn't its translation has no random pair",
          "[tasks][lexalign]") {
  TaskOnFiles task("lexalign");
  task.file("pairs", "mbwa\tdog\nmbwa\thound\n");
  const auto data = task.open();
  const auto search =
      search_between(floats(json::parse("[[1,0]]")), floats(json::parse("[[1,0],[0,1]]")));
  for (const auto& text : predictions(*data->decoder(), 2, &search))
    CHECK(json::parse(text).at("random_cosine").is_null());
}

TEST_CASE("The starter lexicons can be read", "[tasks][lexalign]") {
  const std::filesystem::path folder =
      std::filesystem::path(SOJOURN_SOURCE_DIR) / "configs/quickstart/data/lexicon";
  const std::string language = GENERATE("sw", "tr");
  const std::string split = GENERATE("train", "test");
  TaskOnFiles task("lexalign");
  task.file("pairs", read_file(folder / (split + "-" + language + ".tsv")));
  CHECK(task.open()->size() == (split == "train" ? 45 : 15));
}

}  // namespace
}  // namespace sojourn
