#include "core/train/trained_state.h"

#include <filesystem>
#include <string>

#include <ATen/ops/equal.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/model/safetensors.h"
#include "tests/core/train/toy_stage.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::vector<TaskHead*> pointers(std::vector<TaskHead>& heads) {
  std::vector<TaskHead*> all;
  for (auto& head : heads) all.push_back(&head);
  return all;
}

TEST_CASE("a trained state on its parent encoder is the trained encoder, bit for bit",
          "[core][train]") {
  ToyStage stage({{.task = "a", .share = 0.5}, {.task = "b", .first_id = 30, .share = 0.5}});
  stage.run();
  const auto file = stage.folder() / "outcome.safetensors";

  const auto encoder = stage.load_encoder();
  auto heads = stage.new_heads();
  apply_trained_state(file, *encoder, pointers(heads));
  CHECK(at::equal(hidden_states(*encoder), hidden_states(stage.encoder())));
  for (std::size_t h = 0; h < heads.size(); ++h) {
    for (std::size_t p = 0; p < heads[h].parameters.size(); ++p) {
      CHECK(at::equal(heads[h].parameters[p].value, stage.heads()[h]->parameters[p].value));
    }
  }

  stage.encoder().save(stage.folder() / "direct");
  encoder->save(stage.folder() / "restored");
  for (const auto& entry : fs::directory_iterator(stage.folder() / "direct")) {
    CAPTURE(entry.path().filename());
    CHECK(read_file(entry.path()) ==
          read_file(stage.folder() / "restored" / entry.path().filename()));
  }
}

TEST_CASE("a trained state holds the rows that were trained, not the vocabulary", "[core][train]") {
  ToyStage stage({{"a"}});
  stage.run();
  const SafetensorsFile file(stage.folder() / "outcome.safetensors");
  const auto rows = file.entries().at("embeddings.word_embeddings.weight").shape[0];
  CHECK(rows == static_cast<std::int64_t>(stage.encoder().active_ids().size()));
  CHECK(rows < stage.encoder().config().vocab_size / 4);
}

TEST_CASE("a trained state can give one of its heads, and none that it hasn't", "[core][train]") {
  ToyStage stage({{.task = "a", .share = 0.5}, {.task = "b", .share = 0.5}});
  stage.run();
  const auto file = stage.folder() / "outcome.safetensors";
  auto heads = stage.new_heads();
  apply_trained_state(file, *stage.load_encoder(), {&heads[1]});
  CHECK(at::equal(heads[1].parameters[0].value, stage.heads()[1]->parameters[0].value));

  auto other = make_head(stage.task(0), "other", {32, 3, 0}, at::kCPU, {});
  CHECK_THAT(input_error_of([&] { apply_trained_state(file, *stage.load_encoder(), {&other}); }),
             Contains(file.string()) && Contains("head.other.weight"));
  auto larger = make_head(stage.task(0), "a", {32, 4, 0}, at::kCPU, {});
  CHECK_THAT(input_error_of([&] { apply_trained_state(file, *stage.load_encoder(), {&larger}); }),
             Contains("head.a.weight") && Contains("[3, 32]") && Contains("[4, 32]"));
}

TEST_CASE("a file that is no trained state is refused", "[core][train]") {
  ToyStage stage({{"a"}});
  const auto weights = stage.folder() / "encoder" / "model.safetensors";
  CHECK_THAT(input_error_of([&] { apply_trained_state(weights, *stage.load_encoder(), {}); }),
             Contains("trained_state"));
}

}  // namespace
}  // namespace sojourn
