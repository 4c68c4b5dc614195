#include "core/base/cancel.h"

#include <csignal>

#include "core/base/error.h"

namespace sojourn {

namespace {

volatile std::sig_atomic_t g_signal = 0;

void on_interrupt(int signal) {
  g_signal = signal;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGHUP, SIG_DFL);
}

}  // namespace

void watch_for_interrupt() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  if (std::signal(SIGHUP, on_interrupt) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // as by nohup
}

bool interrupted() noexcept { return g_signal != 0; }

int interrupt_signal() noexcept { return g_signal; }

void throw_if_interrupted() {
  if (!interrupted()) return;
  throw Error(
      ErrorKind::kCancelled, "interrupted",
      interrupt_signal() == SIGINT ? "stopped at the user's request" : "stopped by a signal");
}

}  // namespace sojourn
