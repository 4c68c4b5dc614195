// What a process says and how it ends when a call into a plugin does.
#include "plugins/containment.h"

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/last_words.h"
#include "core/base/temporary_directory.h"
#include "plugins/host_api.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

struct Ended {
  int code;  // of the exit, or minus the signal
  std::string words;
};

// What becomes of a process that calls this function of a plugin.
Ended call_in_child(void (*function)(sojourn_ctx*) noexcept, bool watch = false) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "stderr";
  const pid_t child = ::fork();
  if (child == 0) {
    const int words = ::open(file.c_str(), O_WRONLY | O_CREAT, 0600);
    if (::dup2(words, STDERR_FILENO) < 0) ::_exit(99);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    blame_plugins_for_crashes();
    std::optional<CallWatch> watching;
    if (watch) watching.emplace(std::chrono::milliseconds(300));
    const CurrentStage stage("none/target/seed-1");
    sojourn_ctx context{"plugin mine 2.1", "featurize"};
    call_plugin(context, function, &context);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), read_file(file)};
}

constexpr const char* kRest =
    ", in stage none/target/seed-1; what was finished is kept, and the same command goes on from "
    "there\n";

TEST_CASE("A crash in a plugin names plugin, version, callback, signal and stage",
          "[plugins][containment]") {
  struct Crash {
    void (*function)(sojourn_ctx*) noexcept;
    std::string signal;
  };
  const Crash crash = GENERATE(
      Crash{[](sojourn_ctx*) noexcept { std::raise(SIGSEGV); }, "SIGSEGV, a wrong address"},
      Crash{[](sojourn_ctx*) noexcept { std::abort(); }, "SIGABRT, as of abort()"},
      Crash{[](sojourn_ctx*) noexcept { std::raise(SIGFPE); }, "SIGFPE"});
  const Ended ended = call_in_child(crash.function);
  CHECK(ended.code == kExitPluginEnded);
  CHECK_THAT(ended.words, Catch::StartsWith("error: plugin mine 2.1 crashed (" + crash.signal));
  CHECK_THAT(ended.words, Catch::EndsWith(std::string(") in featurize") + kRest));
}

// NOLINTNEXTLINE(misc-no-recursion): to fill the stack
int deeper(volatile int* depth) {
  volatile char page[4096] = {};
  page[0] = static_cast<char>(*depth);
  return *depth == 0 ? 0 : deeper(depth) + page[0];
}

TEST_CASE("So does a full stack", "[plugins][containment]") {
  const Ended ended = call_in_child([](sojourn_ctx*) noexcept {
    volatile int depth = 1;
    std::exit(deeper(&depth));  // NOLINT(concurrency-mt-unsafe)
  });
  CHECK(ended.code == kExitPluginEnded);
  CHECK_THAT(ended.words, Catch::Contains("plugin mine 2.1 crashed (SIGSEGV"));
}

void throws(sojourn_ctx*) { throw std::runtime_error("let out"); }

TEST_CASE("So does an exception that leaves a callback", "[plugins][containment]") {
  const Ended ended = call_in_child(reinterpret_cast<void (*)(sojourn_ctx*) noexcept>(&throws));
  CHECK(ended.code == kExitPluginEnded);
  CHECK_THAT(ended.words, Catch::Contains("let out"));
  CHECK_THAT(ended.words, Catch::Contains("plugin mine 2.1 crashed (SIGABRT"));
}

TEST_CASE("A callback that gives no sign of life ends the process, one that does goes on",
          "[plugins][containment]") {
  const Ended hung = call_in_child([](sojourn_ctx*) noexcept { ::pause(); }, /*watch=*/true);
  CHECK(hung.code == kExitPluginEnded);
  CHECK(hung.words ==
        std::string("error: plugin mine 2.1 has given no sign of life for 0 s in featurize") +
            kRest);
  const Ended alive = call_in_child(
      [](sojourn_ctx* context) noexcept {
        for (int i = 0; i < 10; ++i) {
          ::usleep(100'000);
          host_table()->is_cancelled(context);
        }
      },
      /*watch=*/true);
  CHECK(alive.code == 0);
}

}  // namespace
}  // namespace sojourn
