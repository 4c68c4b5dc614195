// The table of word embeddings as what hidden states are scored by, beside what words are looked up
// in.
#include "core/model/word_embeddings.h"

#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "core/base/error.h"
#include "core/base/temporary_directory.h"
#include "core/model/checkpoint.h"
#include "core/model/cross_entropy.h"
#include "core/model/encoder.h"
#include "core/model/tiny_model.h"
#include "core/train/adamw.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

constexpr std::int64_t kLayers = 4;
constexpr const char* kTable = "embeddings.word_embeddings.weight";

EncoderBatch some_batch() {
  return {at::tensor(std::vector<std::int64_t>{0, 20, 21, 2, 0, 30, 2, 1}).view({2, 4}), {4, 3}};
}

std::vector<std::int64_t> ids_in(const EncoderBatch& batch) {
  const auto* ids = batch.ids.const_data_ptr<std::int64_t>();
  const std::set<std::int64_t> distinct(ids, ids + batch.ids.numel());
  return {distinct.begin(), distinct.end()};
}

std::vector<std::int64_t> all_ids(const Encoder& encoder) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(encoder.config().vocab_size));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

class TinyEncoder {
 public:
  TinyEncoder() {
    write_tiny_model(directory_.path(), EncoderType::kXlmRoberta);
    encoder = std::make_unique<Encoder>(directory_.path(), at::kCPU);
  }
  // [7, hidden]: the tokens of some_batch, without the padding at its end.
  at::Tensor hidden() const {
    const auto state = encoder->forward(some_batch(), kLayers, nullptr).layer(kLayers);
    return state.reshape({8, -1}).slice(0, 0, 7);
  }
  at::Tensor table_before() const { return Checkpoint::open(directory_.path()).tensor(prefixed()); }
  std::string prefixed() const {
    const auto checkpoint = Checkpoint::open(directory_.path());
    for (const auto& name : checkpoint.names()) {
      if (name.ends_with(kTable)) return name;
    }
    return kTable;
  }

  std::unique_ptr<Encoder> encoder;

 private:
  TemporaryDirectory directory_;
};

const std::vector<std::int64_t> kTargets{-100, 25, 21, -100, -100, 40, -100};

TEST_CASE("The gradient of a tied table is that of looking up and that of scoring",
          "[core][model][words]") {
  const auto targets = at::tensor(kTargets);
  TinyEncoder tied;
  const auto table = tied.encoder->begin_training(all_ids(*tied.encoder), kLayers)[0].value;
  CHECK(table.size(0) == tied.encoder->config().vocab_size);
  const auto hidden = tied.hidden();
  cross_entropy(at::linear(hidden, tied.encoder->word_table()), targets).backward();

  // Scoring, by the formula; looking up, by a stage that trains only the rows in use.
  const auto words = table.detach();
  auto error = at::softmax(at::linear(hidden.detach(), words), 1);
  auto expected = at::zeros_like(words);
  for (std::int64_t i = 0; i < targets.size(0); ++i) {
    const auto target = kTargets[static_cast<std::size_t>(i)];
    if (target < 0) {
      error[i].zero_();
    } else {
      error[i][target] -= 1;
    }
  }
  expected += at::linear(error.t(), hidden.detach().t());
  TinyEncoder looked_up;
  const auto ids = ids_in(some_batch());
  const auto rows = looked_up.encoder->begin_training(ids, kLayers)[0].value;
  cross_entropy(at::linear(looked_up.hidden(), words), targets).backward();
  expected.index_add_(0, at::tensor(ids), rows.grad());

  CHECK(at::allclose(table.grad(), expected, 1e-5, 1e-7));
  CHECK(rows.grad().abs().max().item<float>() > 1e-6);
  CHECK(table.grad()[50].abs().max().item<float>() > 0);  // of a word that no row holds
}

TEST_CASE("Training all rows gives what training those in use gives, where nothing scores by them",
          "[core][model][words]") {
  std::vector<at::Tensor> tables;
  TemporaryDirectory saved;
  for (const bool all : {false, true}) {
    TinyEncoder tiny;
    Encoder& encoder = *tiny.encoder;
    const auto ids = all ? all_ids(encoder) : ids_in(some_batch());
    AdamW optimizer(encoder.begin_training(ids, kLayers), {.weight_decay = 0.1});
    for (int step = 0; step < 3; ++step) {
      tiny.hidden().pow(3).mean().backward();
      optimizer.step(1e-2, 1);
      encoder.parameters_changed();
    }
    encoder.end_training(optimizer.untouched_factor());
    const at::NoGradGuard no_grad;
    encoder.save(saved.path());
    tables.push_back(encoder.word_table());
    CHECK(at::equal(tables.back(), Checkpoint::open(saved.path()).tensor(kTable)));
    CHECK_FALSE(tables.back().requires_grad());
    CHECK_FALSE(at::allclose(tables.back(), tiny.table_before(), 1e-6, 1e-6));
  }
  CHECK(at::allclose(tables[0], tables[1], 1e-5, 1e-6));
}

TEST_CASE("The table follows the optimizer and the precision of matrix products",
          "[core][model][words]") {
  TinyEncoder tiny;
  Encoder& encoder = *tiny.encoder;
  CHECK(at::equal(encoder.word_table(), tiny.table_before()));
  encoder.set_precision(Precision::kBf16);
  CHECK(at::equal(encoder.word_table(), tiny.table_before().to(at::kBFloat16)));
  const auto table = encoder.begin_training(all_ids(encoder), kLayers)[0].value;
  encoder.word_table().to(at::kFloat).sum().backward();
  CHECK(table.grad().min().item<float>() == 1);
  {
    const at::NoGradGuard no_grad;
    table.add_(1);
  }
  encoder.parameters_changed();
  CHECK(at::equal(encoder.word_table(), (tiny.table_before() + 1).to(at::kBFloat16)));
}

TEST_CASE("A stage that trains some rows can't be scored by all of them", "[core][model][words]") {
  TinyEncoder tiny;
  tiny.encoder->begin_training(ids_in(some_batch()), kLayers);
  CHECK_THROWS_AS(tiny.encoder->word_table(), Error);
}

}  // namespace
}  // namespace sojourn
