#include "core/base/cancel.h"

#include <csignal>

#include "core/base/error.h"

namespace sojourn {

namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void on_interrupt(int signal) {
  g_interrupted = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void watch_for_interrupt() { std::signal(SIGINT, on_interrupt); }

bool interrupted() noexcept { return g_interrupted != 0; }

void throw_if_interrupted() {
  if (interrupted())
    throw Error(ErrorKind::kCancelled, "interrupted", "stopped at the user's request");
}

}  // namespace sojourn
