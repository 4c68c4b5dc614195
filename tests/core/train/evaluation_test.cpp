#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <ATen/ops/equal.h>

#include "tests/core/train/toy_stage.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// Scores by step; what the encoder gave at each of them.
class Evaluator {
 public:
  Evaluator(ToyStage& stage, std::map<std::int64_t, double> scores)
      : stage_(stage), scores_(std::move(scores)) {}

  TrainingHooks hooks() {
    return {toy_curve, [this](std::int64_t step) {
              hidden_.emplace(step, hidden_states(stage_.encoder()));
              heads_.emplace(step, stage_.heads()[0]->parameters[0].value.detach().clone());
              return EvaluationReport{scores_.at(step), "scored " + std::to_string(step) + "\n"};
            }};
  }
  std::vector<std::int64_t> steps() const {
    std::vector<std::int64_t> steps;
    for (const auto& [step, hidden] : hidden_) steps.push_back(step);
    return steps;
  }
  // Whether the stage ended with what was there at this step.
  bool ended_with(std::int64_t step) {
    return at::equal(hidden_states(stage_.encoder()), hidden_.at(step)) &&
           at::equal(stage_.heads()[0]->parameters[0].value, heads_.at(step));
  }

 private:
  ToyStage& stage_;
  std::map<std::int64_t, double> scores_;
  std::map<std::int64_t, at::Tensor> hidden_, heads_;
};

TEST_CASE("a stage ends with the weights of its best evaluation, the first of equals",
          "[core][train]") {
  ToyStage stage({{"a"}});
  stage.settings.evaluation.every = 2;
  stage.settings.steps = 7;
  Evaluator evaluator(stage, {{2, 0.5}, {4, 0.75}, {6, 0.75}, {7, 0.25}});
  const auto result = stage.run(evaluator.hooks()).result;
  CHECK(evaluator.steps() == std::vector<std::int64_t>{2, 4, 6, 7});
  CHECK(evaluator.ended_with(4));
  CHECK_FALSE(evaluator.ended_with(6));
  CHECK(result.steps == 7);
  REQUIRE(result.best);
  CHECK(result.best->step == 4);
  CHECK(result.best->score == 0.75);
  CHECK_THAT(result.curve, Catch::Contains("scored 2\n3 0 ") && Catch::EndsWith("scored 7\n"));
}

TEST_CASE("scoring in the middle of a stage changes nothing", "[core][train]") {
  const auto precision = GENERATE(Precision::kFp32, Precision::kBf16);
  ToyStage stage({{"a"}});
  stage.precision = precision;
  const auto plain = stage.run();
  const auto hidden = hidden_states(stage.encoder());
  stage.settings.evaluation.every = 1;
  Evaluator evaluator(stage, {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}});
  CHECK(stage.run(evaluator.hooks()).state == plain.state);
  CHECK(evaluator.ended_with(6));
  CHECK(at::equal(hidden_states(stage.encoder()), hidden));
}

TEST_CASE("patience ends a stage after so many evaluations without a new best", "[core][train]") {
  ToyStage stage({{"a"}});
  stage.settings.evaluation = {1, 2};
  stage.settings.steps = 9;
  Evaluator evaluator(stage, {{1, 1}, {2, 0}, {3, 2}, {4, 2}, {5, 1}});
  const auto result = stage.run(evaluator.hooks()).result;
  CHECK(result.steps == 5);
  CHECK(result.best->step == 3);
  CHECK(evaluator.ended_with(3));
}

TEST_CASE("a score that isn't a number is never the best", "[core][train]") {
  ToyStage stage({{"a"}});
  stage.settings.evaluation.every = 2;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Evaluator evaluator(stage, {{2, nan}, {4, 1}, {6, nan}});
  CHECK(stage.run(evaluator.hooks()).result.best->step == 4);
  CHECK(evaluator.ended_with(4));
}

}  // namespace
}  // namespace sojourn
