// How the process uses its heap.
#pragma once

namespace sojourn {

// To be called once, before the first tensor is made: for training, which frees and asks for the
// same large blocks at every step.
void set_up_heap();

}  // namespace sojourn
