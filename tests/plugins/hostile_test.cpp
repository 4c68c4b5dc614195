#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/data/feature_table.h"
#include "plugins/catalog.h"
#include "tests/plugins/fakes/hostile_modes.h"
#include "tests/plugins/stub_tokenizer.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

class Hostile {
 public:
  explicit Hostile(const std::string& mode = "") {
    write_file(rows(), mode + "\n");
    request_ = {"test", "en", {{"rows", rows()}}, &tokenizer_, 16};
  }

  Task& task() { return catalog_.task("fake"); }
  fs::path rows() const { return directory_.path() / "rows"; }
  std::unique_ptr<Dataset> open() { return task().open(request_); }
  std::unique_ptr<Head> head(std::int64_t hidden_size) {
    return task().create_head(
        {hidden_size, 0, 0},
        [](std::string_view, const std::vector<std::int64_t>& shape, std::string_view) {
          return at::ones(shape, at::kFloat).requires_grad_();
        });
  }
  void featurize() {
    FeatureTable features(task().manifest().fields, "fake");
    features.begin_example();
    open()->featurize(0, features);
  }
  void decode() {
    const auto data = open();
    const auto decoder = data->decoder();
    decoder->add(0, {});
    decoder->add(1, {});
    decoder->finish("", nullptr, [](std::int64_t, std::string_view) {});
  }

 private:
  TemporaryDirectory directory_;
  StubTokenizer tokenizer_;
  DatasetRequest request_;
  PluginCatalog catalog_{{fs::path(SOJOURN_BINARY_DIR) / "tests/plugins/hostile"}};
};

template <typename Body>
std::string error_of(ErrorKind kind, const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  return "no error";
}

TEST_CASE("Opening: errors in data come through as the plugin wrote them, all others with its name",
          "[plugins]") {
  const auto [mode, kind, message] = GENERATE(table<std::string, ErrorKind, std::string>({
      {"data_error", ErrorKind::kInput, "rows:3: 2 columns, expected 3"},
      {"wrong_file_name", ErrorKind::kPlugin,
       "plugin hostile 6.6, dataset_open: the manifest has no file 'raws' in this split (did you "
       "mean 'rows'?)"},
      {"emit_in_open", ErrorKind::kPlugin,
       "plugin hostile 6.6, dataset_open: emit may be called in featurize only, not in "
       "dataset_open"},
      {"fails_silently", ErrorKind::kPlugin,
       "plugin hostile 6.6, dataset_open: failed with status 13 and no message"},
  }));
  Hostile hostile(mode);
  CHECK(error_of(kind, [&] { hostile.open(); }) == message);
}

TEST_CASE("Opening: a message that isn't UTF-8 is not passed on", "[plugins]") {
  Hostile hostile("message_not_utf8");
  CHECK_THAT(error_of(ErrorKind::kInput, [&] { hostile.open(); }),
             Catch::EndsWith("(a message that isn't UTF-8)"));
}

TEST_CASE("Opening: a data set without an example names its file", "[plugins]") {
  Hostile hostile("no_examples");
  CHECK(error_of(ErrorKind::kInput, [&] { hostile.open(); }) ==
        hostile.rows().string() + ": has no example");
}

TEST_CASE("Opening: a file that has gone is named", "[plugins]") {
  Hostile hostile;
  fs::remove(hostile.rows());
  CHECK_THAT(error_of(ErrorKind::kInput, [&] { hostile.open(); }),
             Catch::StartsWith(hostile.rows().string() + ": "));
}

TEST_CASE("Featurizing: what doesn't fit the manifest is refused with the plugin's name",
          "[plugins]") {
  const auto [mode, message] = GENERATE(table<std::string, std::string>({
      {"too_few_fields", "1 fields, the manifest has 2"},
      {"ignores_errors", "1 fields, the manifest has 2"},
      {"no_data", "field 1 has no data"},
      {"wrong_dimensions", "field 'label' has 1 dimensions, the manifest says 0"},
      {"unknown_type", "field 1 is of no known type"},
      {"forged_context", "failed with status 9 and no message"},
      {"small_request", "encode needs a request of at least "},
  }));
  CAPTURE(mode);
  Hostile hostile(mode);
  CHECK_THAT(error_of(ErrorKind::kPlugin, [&] { hostile.featurize(); }),
             Catch::StartsWith("plugin hostile 6.6, featurize: ") && Catch::Contains(message));
}

TEST_CASE("Featurizing: an error of the tokenizer's own goes on as it is", "[plugins]") {
  Hostile hostile("bad_text");
  CHECK(error_of(ErrorKind::kInput, [&] { hostile.featurize(); }) ==
        "tokenizer: the text isn't UTF-8");
}

TEST_CASE("An example needs an id in UTF-8", "[plugins]") {
  Hostile none("no_id");
  CHECK(error_of(ErrorKind::kPlugin, [&] { none.open()->example(1); }) ==
        "plugin hostile 6.6, example: example 1 has no id");
  Hostile broken("id_not_utf8");
  CHECK(error_of(ErrorKind::kPlugin, [&] { broken.open()->example(1); }) ==
        "plugin hostile 6.6, example: an example's id isn't UTF-8");
}

TEST_CASE("Decoding: one prediction for each example, no more and no less", "[plugins]") {
  const auto [mode, message] = GENERATE(table<std::string, std::string>({
      {"one_prediction", "no prediction for example 1"},
      {"predicts_twice", "a second prediction for example 0"},
      {"predicts_beyond", "prediction for example 99, which isn't being decoded"},
      {"prediction_not_utf8", "the prediction of example 0 isn't UTF-8"},
      {"searches", "count: the manifest has no search"},
  }));
  Hostile hostile(mode);
  CHECK(error_of(ErrorKind::kPlugin, [&] { hostile.decode(); }) ==
        "plugin hostile 6.6, decode_finish: " + message);
  Hostile fine;
  CHECK_NOTHROW(fine.decode());
}

TEST_CASE("Scoring: a statistic that stays unset is found", "[plugins]") {
  Hostile hostile;
  CHECK(error_of(ErrorKind::kPlugin, [&] { hostile.open()->score(0, "a"); }) ==
        "plugin hostile 6.6, score: statistic 'total' isn't a number");
}

TEST_CASE("A head that can't be made is refused with the nearest name", "[plugins]") {
  const auto [mode, message] = GENERATE(table<int, std::string>({
      {kUnknownOp, "this host has no operation 'core1::tahn' (did you mean 'core1::tanh'?)"},
      {kUnknownArgument, "core1::linear has no argument 'wieght' (did you mean 'weight'?)"},
      {kMissingArgument, "core1::linear: argument 'weight' is missing"},
      {kUndeclaredOp, "core1::select isn't among the manifest's ops"},
      {kBadInit, "parameter 'weight': init is 'normal(wide)', expected zeros, ones or normal(STD)"},
      {kBadShape, "parameter 'weight' has no shape"},
      {kSameParameter, "parameter 'weight' a second time"},
      {kCallInCreate,
       "op_call may be called in head_forward, head_loss and the callbacks of a function only, not "
       "in head_create"},
  }));
  Hostile hostile;
  CHECK(error_of(ErrorKind::kPlugin, [&] { hostile.head(mode); }) ==
        "plugin hostile 6.6, head_create: " + message);
}

TEST_CASE("Handles that are forged, stale or of the wrong shape are errors, never a crash",
          "[plugins]") {
  const auto [mode, message] = GENERATE(table<int, std::string>({
      {kForgedOp, "the operation is none that this head has bound"},
      {kForgedTensor, "argument 0 is no tensor of this call"},
      {kStaleTensor, "argument 0 is no tensor of this call"},
      {kForgedOutput, "output 'logits' is no tensor of this call"},
      {kNoOutput, "output 'logits' is no tensor of this call"},
      {kWrongOutput, "output 'logits' has shape [2, 3, 14], expected [2, 3, 2]"},
      {kWrongShapes, "core1::linear: "},
      {kWrongType, "core1::linear: argument 'weight' must be a tensor"},
      {kNoSuchType, "argument 1 is of no known type"},
      {kTooFewValues, "core1::linear: called with 1 arguments, bound with 2"},
  }));
  CAPTURE(mode);
  Hostile hostile;
  const auto head = hostile.head(mode);
  const std::vector<at::Tensor> inputs{at::ones({2, 3, mode}), at::zeros({2}, at::kLong)};
  const HeadBatch batch{inputs, 2, true, {}, 0};
  if (mode == kStaleTensor) head->forward(batch);  // the first time, the handle is good
  const std::string error = error_of(ErrorKind::kPlugin, [&] { head->forward(batch); });
  CHECK_THAT(error, Catch::StartsWith("plugin hostile 6.6, head_forward: " + message));
  CHECK(error.find('\n') == std::string::npos);
}

TEST_CASE("A loss must be a scalar", "[plugins]") {
  Hostile hostile;
  const auto head = hostile.head(kLossNoScalar);
  const std::vector<at::Tensor> inputs{at::ones({2, 3, kLossNoScalar}), at::zeros({2}, at::kLong)};
  const HeadBatch batch{inputs, 2, true, {}, 0};
  const auto outputs = head->forward(batch);
  CHECK(error_of(ErrorKind::kPlugin, [&] { head->loss(batch, outputs); }) ==
        "plugin hostile 6.6, head_loss: the loss has shape [2, 3, 2], expected a scalar");
}

}  // namespace
}  // namespace sojourn
