// How the process uses its memory.
#pragma once

namespace sojourn {

// To be called once, before the first tensor is made: for training, which frees and asks for the
// same large blocks at every step.
void set_up_memory();

}  // namespace sojourn
