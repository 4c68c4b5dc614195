// HellaSwag, English: which of four sentences goes on with a scene? In the JSON lines of its own
// download.
#include <sojourn/json_lines.h>
#include <sojourn/multiple_choice.h>
#include <sojourn/plugin.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

constexpr std::size_t kEndings = 4;

struct Hellaswag {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "hellaswag";
    task.licence = "MIT";
    task.languages = {"en"};
    task.splits["train"]["scenes"] = {"hellaswag/hellaswag_train.jsonl", "hellaswag/train.jsonl"};
    task.splits["dev"]["scenes"] = {"hellaswag/hellaswag_val.jsonl", "hellaswag/val.jsonl"};
    task.train_on = {"hellaswag"};
    task.labels = {"0", "1", "2", "3"};
    return task;
  }

  // The second half of the scene (ctx_b) begins each ending.
  static std::vector<sdk::Choice> read(const sdk::OpenCall& call) {
    std::vector<sdk::Choice> scenes;
    for (sdk::JsonLines rows(call, call.file("scenes")); rows.next();) {
      sdk::Choice scene;
      scene.id = std::to_string(rows.line().number());
      scene.prompt = rows.string("ctx_a");
      const std::string begin = rows.string("ctx_b");
      rows.expect_list("/endings", kEndings);
      for (std::size_t i = 0; i < kEndings; ++i) {
        const std::string ending = rows.string_at("/endings/" + std::to_string(i));
        scene.choices.push_back(begin.empty() ? ending : begin + " " + ending);
      }
      const auto label = rows.integer("label");
      if (label < 0 || label >= static_cast<std::int64_t>(kEndings))
        rows.line().fail("label " + std::to_string(label) + ", expected 0 to 3");
      scene.answer = static_cast<std::size_t>(label);
      scenes.push_back(std::move(scene));
    }
    return scenes;
  }
};

}  // namespace

SOJOURN_PLUGIN("hellaswag", "0.1.0", "Apache-2.0", sojourn::sdk::MultipleChoice<Hellaswag>)
