#include "plugins/check/check_plugin_file.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/temporary_directory.h"
#include "core/base/text.h"
#include "plugins/check/check_tests.h"
#include "plugins/check/checked_process.h"
#include "plugins/check/contained_process.h"
#include "plugins/check/elf_file.h"

namespace sojourn {

namespace {

constexpr std::size_t kMemory = std::size_t{1} << 30;  // that tests on sample data may need

// "" or what is wrong.
std::string exports_problem(const ElfFile& elf) {
  // Made by the linker, in libraries without a version script.
  const std::set<std::string> by_linker{"_init", "_fini", "__bss_start", "_edata", "_end"};
  std::vector<std::string> others;
  bool entry = false;
  for (const auto& symbol : elf.exported) {
    if (symbol == "sojourn_plugin_entry_v1") {
      entry = true;
    } else if (!by_linker.contains(symbol)) {
      others.push_back(symbol);
    }
  }
  if (!entry) return "it exports no sojourn_plugin_entry_v1";
  if (others.empty()) return "";
  constexpr std::size_t kShown = 5;
  const std::size_t more = others.size() - std::min(others.size(), kShown);
  others.resize(others.size() - more);
  return "it also exports " + join(others, ", ") +
         (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

std::string libraries_problem(const ElfFile& elf) {
  for (const auto& library : elf.needed) {
    for (const char* start : {"libtorch", "libc10", "libcaffe2", "libsojourn"}) {
      if (library.starts_with(start)) return "it needs " + library;
    }
  }
  // Names of C++ in the namespaces c10, at, torch, caffe2 and the host's own.
  for (const auto& symbol : elf.undefined) {
    for (const char* space : {"3c10", "2at", "5torch", "6caffe2", "7sojourn"}) {
      for (const char* start : {"_ZN", "_ZNK", "_ZTIN", "_ZTVN"}) {
        if (symbol.starts_with(std::string(start) + space)) return "it needs the symbol " + symbol;
      }
    }
  }
  return "";
}

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : "SIG" + std::string(name);
}

// A sentence about how a process ended in the middle of a test.
std::string text_of(const ContainedEnd& end, double time_limit) {
  using How = ContainedEnd::How;
  const std::string where =
      end.callback.empty() ? std::string("outside of all callbacks") : "in " + end.callback;
  std::string text;
  switch (end.how) {
    case How::kSignal:
      text = "crashed " + where + " (" + signal_name(end.number) + ")";
      break;
    case How::kExit:
    case How::kFinished:
      text = "ended the process " + where + " (exit code " + std::to_string(end.number) + ")";
      break;
    case How::kTime:
      text = "didn't return within " + std::to_string(static_cast<int>(time_limit)) + " s " + where;
      break;
    case How::kMemory:
      text = "took more than " + bytes_text(kMemory) + " of memory " + where;
      break;
  }
  constexpr std::size_t kMostWords = 600;
  std::string words = end.last_words.substr(0, kMostWords);
  while (!words.empty() && words.back() == '\n') words.pop_back();
  return words.empty() ? text : text + "; its last output:\n" + words;
}

class Checker {
 public:
  explicit Checker(const CheckOptions& options) : options_(options) {
    report_.plugin = options.plugin;
    for (const auto& id : options.tests) select(id);
  }

  CheckReport run() {
    check_file();
    check_in_processes("", std::nullopt);
    for (std::size_t i = 0; i < report_.tasks.size(); ++i) check_in_processes(report_.tasks[i], i);
    return std::move(report_);
  }

 private:
  // A test, and what it needs.
  void select(const std::string& id) {
    const auto all = check_tests();
    const auto found = std::ranges::find(all, id, &CheckTest::id);
    if (found == all.end()) {
      std::vector<std::string> names;
      for (const auto& test : all) names.emplace_back(test.id);
      throw input_error("--test " + id, "there is no such test" + did_you_mean(id, names));
    }
    selected_.insert(id);
    unmet_need(*found, [&](const std::string& need) {
      select(need);
      return true;
    });
  }

  bool is_selected(std::string_view id) const {
    return selected_.empty() || selected_.contains(std::string(id));
  }

  void add(std::string_view test, const std::string& task, CheckOutcome outcome,
           const std::string& found) {
    if (outcome != CheckOutcome::kPassed) not_passed_.insert({task, std::string(test)});
    report_.results.push_back({std::string(test), task, outcome, found});
  }

  void check_file() {
    ElfFile elf;
    const auto try_test = [&](std::string_view test, const auto& problem) {
      if (!is_selected(test)) return;
      const std::string missing = missing_for(check_test(test), "");
      if (!missing.empty()) return add(test, "", CheckOutcome::kSkipped, missing);
      const std::string found = problem();
      add(test, "", found.empty() ? CheckOutcome::kPassed : CheckOutcome::kFailed, found);
    };
    try_test("load.file", [&]() -> std::string {
      try {
        elf = read_elf(options_.plugin);
        return "";
      } catch (const Error& error) {
        return std::string(error.what()).substr(options_.plugin.string().size() + 2);
      }
    });
    try_test("load.exports", [&] { return exports_problem(elf); });
    try_test("load.libraries", [&] { return libraries_problem(elf); });
  }

  // Why a test can't be run: what it needs didn't pass. Or "".
  std::string missing_for(const CheckTest& test, const std::string& task) const {
    const std::string need = unmet_need(test, [&](const std::string& id) {
      const bool of_task = check_test(id).scope == CheckScope::kTask;
      return !not_passed_.contains({of_task ? task : "", id});
    });
    return need.empty() ? "" : "needs " + need;
  }

  // The tests of the plugin, or of a task of it, in one process, and in further ones after each
  // that dies.
  void check_in_processes(const std::string& task, std::optional<std::size_t> index) {
    const CheckScope scope = index ? CheckScope::kTask : CheckScope::kPlugin;
    std::vector<std::string_view> left;
    for (const auto& test : check_tests()) {
      if (test.scope == scope && is_selected(test.id)) left.push_back(test.id);
    }
    while (!left.empty()) {
      std::vector<std::string> now;
      for (const auto id : left) now.emplace_back(id);
      const std::size_t done = check_in_process(task, index, now);
      left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(done));
    }
  }

  // Returns how many of the tests have a result now: all of them, or up to the one that ended the
  // process.
  std::size_t check_in_process(const std::string& task, std::optional<std::size_t> index,
                               const std::vector<std::string>& tests) {
    const TemporaryDirectory scratch;  // of a process that may not live to remove it
    CheckedTests checked{options_.plugin, options_.data, scratch.path(), index};
    std::size_t done = 0;
    const auto skip = [&] {  // those that can't be run; the next one can
      for (; done < tests.size(); ++done) {
        const std::string missing = missing_for(check_test(tests[done]), task);
        if (missing.empty()) return;
        add(tests[done], task, CheckOutcome::kSkipped, missing);
      }
    };
    skip();
    if (done == tests.size()) return done;
    // The process tells what it is about to do, and is told nothing: it knows what its own tests
    // found, and gets what others found before.
    for (const auto& [of, id] : not_passed_) {
      if (of.empty() || of == task) checked.not_passed.insert(id);
    }
    checked.tests.assign(tests.begin() + static_cast<std::ptrdiff_t>(done), tests.end());
    const auto end =
        run_contained([&](int report, CallbackMark& mark) { run_checked(checked, report, mark); },
                      {std::chrono::duration<double>(options_.time_limit), kMemory},
                      [&](const std::string& line) { return hear(line, task, tests, done); });
    if (done < tests.size()) {
      add(tests[done], task, CheckOutcome::kFailed, text_of(end, options_.time_limit));
      ++done;
    } else if (end.how != ContainedEnd::How::kFinished) {
      blame_the_end(task, text_of(end, options_.time_limit));
    }
    return done;
  }

  bool hear(const std::string& line, const std::string& task, const std::vector<std::string>& tests,
            std::size_t& done) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return false;  // not of our own
    if (json.contains("tasks")) {
      report_.id = json["id"];
      report_.version = json["version"];
      report_.tasks = json["tasks"];
    }
    if (json.contains("result") && done < tests.size() && json["result"] == tests[done]) {
      add(tests[done++], task, static_cast<CheckOutcome>(json["outcome"].get<int>()),
          json["found"]);
    }
    return done == tests.size();
  }

  // The last test of a task is that its process ends well, which only its parent sees.
  void blame_the_end(const std::string& task, const std::string& found) {
    for (auto& result : report_.results) {
      if (result.test != "close.exit" || result.task != task) continue;
      if (result.outcome != CheckOutcome::kPassed) return;
      result.outcome = CheckOutcome::kFailed;
      result.found = found;
    }
  }

  const CheckOptions& options_;
  CheckReport report_;
  std::set<std::string> selected_;                            // empty: all
  std::set<std::pair<std::string, std::string>> not_passed_;  // task and test
};

}  // namespace

CheckReport check_plugin_file(const CheckOptions& options) {
  if (!std::filesystem::is_regular_file(options.plugin))
    throw input_error(options.plugin.string(), "no such file, expected a plugin");
  return Checker(options).run();
}

}  // namespace sojourn
