#include "plugins/check/checked_process.h"

#include <algorithm>
#include <functional>
#include <memory>
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
#include "plugins/check/check_report.h"
#include "plugins/check/check_tests.h"
#include "plugins/check/load_tests.h"
#include "plugins/check/traced_plugin.h"
#include "plugins/containment.h"

namespace sojourn {

namespace {

void say(int report, const nlohmann::json& json) {
  const std::string line =
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(report, line.data() + done, line.size() - done);
    if (n <= 0) ::_exit(1);  // nobody listens
    done += static_cast<std::size_t>(n);
  }
}

// The tests of a task, by id.
class TaskTests {
 public:
  explicit TaskTests(const CheckedTests& checked) : checked_(checked) {}

  void run(const std::string& id) {
    if (bench_ == nullptr) {
      bench_ = std::make_unique<TaskBench>(checked_.plugin, *checked_.task, checked_.data,
                                           checked_.scratch);
    }
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

  const CheckedTests& checked_;
  std::unique_ptr<TaskBench> bench_;
  std::set<std::string> violations_;
};

class Session {
 public:
  Session(const CheckedTests& checked, int report)
      : checked_(checked),
        report_(report),
        load_(checked.plugin),
        tasks_(checked),
        not_passed_(checked.not_passed) {}

  void run() {
    say(report_, {{"started", true}});
    for (const auto& id : checked_.tests) {
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
      checked_.task ? tasks_.run(id) : load(id);
      tasks_.remember_violations();
      if (id == "load.manifest") {
        const auto& plugin = load_.plugin();
        say(report_, {{"id", plugin.id}, {"version", plugin.version}, {"tasks", load_.tasks()}});
      }
      tell(id, CheckOutcome::kPassed, "");
    } catch (const CheckSkipped& skipped) {
      tell(id, CheckOutcome::kSkipped, skipped.what());
    } catch (const std::exception& error) {
      tasks_.remember_violations();
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
    say(report_, {{"result", id}, {"outcome", static_cast<int>(outcome)}, {"found", found}});
  }

  const CheckedTests& checked_;
  int report_;
  LoadTests load_;
  TaskTests tasks_;
  std::set<std::string> not_passed_;
};

}  // namespace

void run_checked(const CheckedTests& checked, int report, CallbackMark& mark) {
  callback_mark() = &mark;  // which lives as long as the process
  observe_calls({[](const char* callback) noexcept { callback_mark()->begin(callback); },
                 [](const char* callback) noexcept { callback_mark()->end(callback); }});
  set_up_machine("cpu", "fp32", 1);
  Session(checked, report).run();
  mark.begin(kEnding);
}

}  // namespace sojourn
