// Ctrl-C, seen by the loops that can stop cleanly.
#pragma once

namespace sojourn {

// Installs the handler: the first SIGINT asks for a clean end, a second one ends the process at
// once.
void watch_for_interrupt();

bool interrupted() noexcept;

// Throws Error(kCancelled) if interrupted.
void throw_if_interrupted();

}  // namespace sojourn
