#include "core/base/cancel.h"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// How a child process ends that gets the first signal, and then the second.
int end_of_child(int first, int second) {
  const pid_t child = ::fork();
  if (child == 0) {
    watch_for_interrupt();
    if (interrupted() || interrupt_signal() != 0) ::_exit(1);
    std::raise(first);
    if (!interrupted() || interrupt_signal() != first) ::_exit(2);
    std::raise(second);
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

TEST_CASE("the first SIGINT, SIGTERM or SIGHUP is noted, the second ends the process",
          "[core][base]") {
  CHECK(end_of_child(SIGINT, SIGINT) == SIGINT);
  CHECK(end_of_child(SIGTERM, SIGTERM) == SIGTERM);
  CHECK(end_of_child(SIGTERM, SIGINT) == SIGINT);
  CHECK(end_of_child(SIGHUP, SIGHUP) == SIGHUP);
}

}  // namespace
}  // namespace sojourn
