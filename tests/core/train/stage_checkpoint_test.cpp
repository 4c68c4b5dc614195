#include "core/train/stage_checkpoint.h"

#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/core/train/toy_stage.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr std::size_t kVocabulary = 354;  // of the tiny encoder

struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("stopped") {}
};

// A stage that can be ended without warning, as by a crash, and run again.
class CheckpointFixture {
 public:
  explicit CheckpointFixture(std::vector<ToyPart> parts) : stage(std::move(parts)) {
    stage.settings.checkpoint = {stage.folder() / "checkpoints", "key", 1, {}};
  }

  ToyOutcome run() { return stage.run(hooks(0)); }
  ToyOutcome unbroken() {
    const auto folder = std::exchange(stage.settings.checkpoint.folder, {});
    auto outcome = run();
    stage.settings.checkpoint.folder = folder;
    return outcome;
  }
  // Before step `stop` counts.
  void stop_in(std::int64_t stop) { CHECK_THROWS_AS(stage.run(hooks(stop)), Stopped); }

  fs::path checkpoint(std::int64_t step) const {
    return stage.settings.checkpoint.folder /
           ("checkpoint-" + std::to_string(step) + ".safetensors");
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(stage.settings.checkpoint.folder))
      names.push_back(entry.path().filename().string());
    return names;
  }

  ToyStage stage;
  std::optional<std::int64_t> resumed;  // at, by the last run
  std::vector<std::int64_t> evaluated;  // by the last run
  std::function<void()> before_score = [] {};

 private:
  TrainingHooks hooks(std::int64_t stop) {
    resumed = std::nullopt;
    evaluated.clear();
    return {[stop](const StepReport& step) {
              if (step.step == stop) throw Stopped();
              return toy_curve(step);
            },
            [this](std::int64_t step) {
              before_score();
              evaluated.push_back(step);
              // Of the weights, so that a difference shows; best in the middle.
              const double sum = hidden_states(stage.encoder()).sum().item<double>();
              return EvaluationReport{1.0 / static_cast<double>(1 + std::abs(step - 4)),
                                      std::to_string(step) + " " + std::to_string(sum) + "\n"};
            },
            [this](std::int64_t step, const std::string&) { resumed = step; }};
  }
};

void check_equal(const ToyOutcome& found, const ToyOutcome& expected) {
  CHECK(found.result.curve == expected.result.curve);
  CHECK(found.result.steps == expected.result.steps);
  CHECK(found.result.best.has_value() == expected.result.best.has_value());
  CHECK(found.state == expected.state);
}

void stop_everywhere(CheckpointFixture& fixture) {
  const auto expected = fixture.unbroken();
  constexpr std::int64_t kEvery = 2;
  fixture.stage.settings.checkpoint.steps = kEvery;
  for (std::int64_t stop = 1; stop <= 6; ++stop) {
    CAPTURE(stop);
    fixture.stop_in(stop);
    check_equal(fixture.run(), expected);
    CHECK(fixture.resumed.value_or(0) == (stop - 1) / kEvery * kEvery);
    fs::remove_all(fixture.stage.settings.checkpoint.folder);
  }
}

TEST_CASE("a stage that is stopped in any step and run again ends in the same bytes",
          "[core][train]") {
  SECTION("one task") {
    CheckpointFixture fixture({{"a"}});
    stop_everywhere(fixture);
  }
  SECTION("tasks drawn, with a shared head, over all rows") {
    CheckpointFixture fixture(
        {{.task = "a", .share = 0.5, .head = "h"},
         {.task = "b", .first_id = 30, .share = 0.3, .head = "h"},
         {.task = "c", .features = kVocabulary, .first_id = 0, .ids = kVocabulary, .share = 0.2}});
    REQUIRE(fixture.stage.features(2).used_ids().size() == kVocabulary);
    stop_everywhere(fixture);
  }
  SECTION("all tasks in every step") {
    CheckpointFixture fixture({{"a"}, {.task = "b", .first_id = 30, .loss_weight = 0.5}});
    fixture.stage.settings.step_tasks = StepTasks::kAll;
    stop_everywhere(fixture);
  }
  SECTION("evaluation") {
    CheckpointFixture fixture({{"a"}});
    fixture.stage.settings.evaluation = {2, 1};
    stop_everywhere(fixture);
  }
  SECTION("an adapter, with evaluation") {
    CheckpointFixture fixture({{"a"}});
    fixture.stage.settings.evaluation = {2, {}};
    fixture.stage.settings.adapter.kind = "lora";
    fixture.stage.settings.adapter.rank = 4;
    fixture.stage.settings.adapter.merge = GENERATE(true, false);
    stop_everywhere(fixture);
  }
}

TEST_CASE("a stage goes on after being stopped again and again", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  fixture.stage.settings.evaluation = {2, {}};
  const auto expected = fixture.unbroken();
  for (std::int64_t stop = 2; stop <= 6; ++stop) fixture.stop_in(stop);
  check_equal(fixture.run(), expected);
  CHECK(fixture.resumed == 5);
  CHECK(fixture.evaluated == std::vector<std::int64_t>{6});
}

TEST_CASE("a stage whose steps are all done is only finished", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  const auto expected = fixture.run();
  check_equal(fixture.run(), expected);
  CHECK(fixture.resumed == 6);
}

TEST_CASE("only the newest checkpoint is kept", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  fixture.stop_in(5);
  CHECK(fixture.files() == std::vector<std::string>{"checkpoint-4.safetensors"});
}

TEST_CASE("a damaged checkpoint is removed, and the one before it used", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  const auto expected = fixture.unbroken();
  fixture.stop_in(3);
  const std::string second = read_file(fixture.checkpoint(2));
  fixture.stop_in(5);
  std::string fourth = read_file(fixture.checkpoint(4));
  write_file(fixture.checkpoint(2), second);

  SECTION("cut off") { fourth.resize(static_cast<std::size_t>(GENERATE(0, 7, 1000, 60'000))); }
  SECTION("without its last byte") { fourth.pop_back(); }
  SECTION("a bit of a value") { fourth[fourth.size() / 2] ^= 1; }
  SECTION("a digit of its state") { ++fourth[fourth.find("evaluated") + 13]; }
  fs::remove(fixture.checkpoint(4));
  write_file(fixture.checkpoint(4), fourth);
  fixture.stop_in(4);
  CHECK(fixture.resumed == 2);
  CHECK_FALSE(fs::exists(fixture.checkpoint(4)));
  check_equal(fixture.run(), expected);
}

TEST_CASE("what an interrupted write left is removed", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  const auto expected = fixture.unbroken();
  fixture.stop_in(3);
  const std::string whole = read_file(fixture.checkpoint(2));
  write_file(fixture.checkpoint(3).string() + ".tmp.123", whole.substr(0, whole.size() / 2));
  check_equal(fixture.run(), expected);
  CHECK(fixture.files() == std::vector<std::string>{"checkpoint-6.safetensors"});
}

TEST_CASE("a checkpoint of another key is of no use", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  fixture.stop_in(4);
  fixture.stage.settings.checkpoint.key = "other";
  fixture.run();
  CHECK_FALSE(fixture.resumed);
}

TEST_CASE("a stage that the user stops writes a checkpoint first", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  fixture.stage.settings.evaluation = {2, {}};
  fixture.stage.settings.checkpoint.steps = std::nullopt;
  const auto expected = fixture.unbroken();
  const auto stop = [] { throw Error(ErrorKind::kCancelled, "test", "stop"); };

  SECTION("in a step") {
    int calls = 0;
    fixture.stage.task(0).before_forward = [&] {
      if (++calls == 8) stop();  // 3 micro-batches, or 2 at the end of an epoch: in step 3
    };
    CHECK_THROWS_AS(fixture.run(), Error);
    CHECK(fixture.files() == std::vector<std::string>{"checkpoint-2.safetensors"});
    fixture.stage.task(0).before_forward = [] {};
    check_equal(fixture.run(), expected);
    CHECK(fixture.resumed == 2);
    CHECK(fixture.evaluated == std::vector<std::int64_t>{4, 6});
  }
  SECTION("in an evaluation") {
    fixture.before_score = stop;
    CHECK_THROWS_AS(fixture.run(), Error);
    CHECK(fixture.files() == std::vector<std::string>{"checkpoint-2.safetensors"});
    fixture.before_score = [] {};
    check_equal(fixture.run(), expected);
    CHECK(fixture.evaluated == std::vector<std::int64_t>{2, 4, 6});
  }
}

TEST_CASE("checkpoints are written by the clock too", "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  fixture.stage.settings.checkpoint.steps = std::nullopt;
  fixture.stage.settings.checkpoint.minutes = 0;
  fixture.stop_in(5);
  CHECK(fs::exists(fixture.checkpoint(4)));
  fs::remove_all(fixture.stage.settings.checkpoint.folder);
  fixture.stage.settings.checkpoint.minutes = 1000;
  fixture.stop_in(5);
  CHECK_FALSE(fs::exists(fixture.checkpoint(4)));
}

// While it exists, no file gets longer than this.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &former_);
    const rlimit limit{bytes, former_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &former_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit former_{};
};

TEST_CASE("a checkpoint that can't be written leaves the last one, and says the size",
          "[core][train]") {
  CheckpointFixture fixture({{"a"}});
  const auto expected = fixture.unbroken();
  fixture.stop_in(3);
  const std::string size = bytes_text(fs::file_size(fixture.checkpoint(2)));
  {
    const FileSizeLimit limit(100'000);
    try {
      fixture.run();
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kInternal);
      CHECK_THAT(error.what(), Contains("checkpoint-3.safetensors") && Contains("File too large"));
      // The curve differs in length.
      CHECK_THAT(error.what(), Contains("needs at least " + size.substr(0, 3)));
    }
  }
  CHECK(fixture.files() == std::vector<std::string>{"checkpoint-2.safetensors"});
  check_equal(fixture.run(), expected);
}

}  // namespace
}  // namespace sojourn
