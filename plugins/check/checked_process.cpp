// The process in which a plugin is tried: `sojourn check-child PLUGIN DATA SCRATCH TASK
// [-TEST..] [TEST..]`.
#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/run/machine.h"
#include "plugins/check/bench.h"
#include "plugins/check/callback_mark.h"
#include "plugins/check/check_plugin_file.h"
#include "plugins/check/check_tests.h"
#include "plugins/check/contained_process.h"
#include "plugins/check/load_tests.h"
#include "plugins/check/traced_plugin.h"
#include "plugins/containment.h"

namespace sojourn {

namespace {

void say(const nlohmann::json& json) {
  const std::string line =
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(kReportDescriptor, line.data() + done, line.size() - done);
    if (n <= 0) ::_exit(1);  // nobody listens
    done += static_cast<std::size_t>(n);
  }
}

// The tests of a task, by id.
class TaskTests {
 public:
  TaskTests(std::filesystem::path plugin, std::size_t index, std::filesystem::path data,
            std::filesystem::path scratch)
      : plugin_(std::move(plugin)),
        index_(index),
        data_(std::move(data)),
        scratch_(std::move(scratch)) {}

  void run(const std::string& id) {
    if (bench_ == nullptr) bench_ = std::make_unique<TaskBench>(plugin_, index_, data_, scratch_);
    if (id == "contract.errors") return check_violations();
    if (id == "close.exit") {
      bench_ = nullptr;  // and the rest is the parent's to see
      return;
    }
    for (const auto find : {&data_test, &file_test, &head_test, &score_test, &close_test}) {
      if (const TaskTest test = find(id)) {
        test(*bench_);
        return;
      }
    }
    throw std::logic_error("no such test");
  }

  void remember_violations() {
    for (auto& violation : take_violations()) violations_.insert(std::move(violation));
  }

 private:
  void check_violations() const {
    if (violations_.empty()) return;
    throw CheckFinding(join(std::vector(violations_.begin(), violations_.end()), "\n"));
  }

  std::filesystem::path plugin_;
  std::size_t index_;
  std::filesystem::path data_;
  std::filesystem::path scratch_;
  std::unique_ptr<TaskBench> bench_;
  std::set<std::string> violations_;
};

class Session {
 public:
  explicit Session(const std::vector<std::string>& arguments)
      : plugin_(arguments.at(0)), load_(plugin_) {
    int index = -1;
    const std::string& number = arguments.at(3);
    std::from_chars(number.data(), number.data() + number.size(), index);
    if (index >= 0) {
      tasks_.emplace(plugin_, static_cast<std::size_t>(index), arguments.at(1), arguments.at(2));
    }
    for (std::size_t i = 4; i < arguments.size(); ++i) {
      if (arguments[i].starts_with('-')) {
        not_passed_.insert(arguments[i].substr(1));
      } else {
        tests_.push_back(arguments[i]);
      }
    }
  }

  void run() {
    say({{"started", true}});
    for (const auto& id : tests_) {
      const std::string need = unmet_need(
          check_test(id), [&](const std::string& other) { return !not_passed_.contains(other); });
      if (need.empty()) {
        run_test(id);
      } else {
        tell(id, CheckOutcome::kSkipped, "needs " + need);
      }
    }
  }

 private:
  void run_test(const std::string& id) {
    try {
      const CapturedLog quiet;
      tasks_ ? tasks_->run(id) : load(id);
      if (tasks_) tasks_->remember_violations();
      if (id == "load.manifest") {
        const auto& plugin = load_.plugin();
        say({{"id", plugin.id}, {"version", plugin.version}, {"tasks", load_.tasks()}});
      }
      tell(id, CheckOutcome::kPassed, "");
    } catch (const CheckSkipped& skipped) {
      tell(id, CheckOutcome::kSkipped, skipped.what());
    } catch (const std::exception& error) {
      if (tasks_) tasks_->remember_violations();
      tell(id, CheckOutcome::kFailed, error.what());
    }
  }

  void load(const std::string& id) {
    const std::pair<const char*, std::function<void()>> tests[] = {
        {"load.open", [&] { load_.open(); }},
        {"load.entry", [&] { load_.entry(); }},
        {"load.entry-time", [&] { load_.entry_time(); }},
        {"load.description", [&] { load_.description(); }},
        {"load.manifest", [&] { load_.manifest(); }},
        {"load.names", [&] { load_.names(); }},
        {"load.sidecar", [&] { load_.sidecar(); }},
        {"load.init", [&] { load_.init(); }}};
    const auto found = std::ranges::find(tests, id, [](const auto& test) { return test.first; });
    if (found == std::end(tests)) throw std::logic_error("no such test");
    found->second();
  }

  void tell(const std::string& id, CheckOutcome outcome, const std::string& found) {
    if (outcome != CheckOutcome::kPassed) not_passed_.insert(id);
    say({{"result", id}, {"outcome", static_cast<int>(outcome)}, {"found", found}});
  }

  std::filesystem::path plugin_;
  LoadTests load_;
  std::optional<TaskTests> tasks_;
  std::vector<std::string> tests_;
  std::set<std::string> not_passed_;
};

}  // namespace

int checked_process(const std::vector<std::string>& arguments) {
  callback_mark() = new CallbackMark(kMarkDescriptor);  // to the very end
  observe_calls({[](const char* callback) noexcept { callback_mark()->begin(callback); },
                 [](const char* callback) noexcept { callback_mark()->end(callback); }});
  set_up_machine("cpu", "fp32", 1);
  Session(arguments).run();
  callback_mark()->begin(kEnding);
  return 0;
}

}  // namespace sojourn
