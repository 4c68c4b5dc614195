// Ctrl-C, a terminal that is closed and a scheduler's request to end, seen by the loops that can
// stop cleanly.
#pragma once

namespace sojourn {

// Installs the handler: the first SIGINT, SIGTERM or SIGHUP asks for a clean end, a second one ends
// the process at once.
void watch_for_interrupt();

bool interrupted() noexcept;

// The signal that asked, or 0.
int interrupt_signal() noexcept;

// Throws Error(kCancelled) if interrupted.
void throw_if_interrupted();

}  // namespace sojourn
