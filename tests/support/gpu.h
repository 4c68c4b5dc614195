// For tests that need a GPU.
#pragma once

#include <iostream>

#include <ATen/Context.h>

namespace sojourn {

// Where there is none, says so to ctest too.
inline bool gpu_is_missing() {
  if (at::hasCUDA()) return false;
  std::cout << "SKIPPED: this LibTorch sees no GPU\n";
  return true;
}

}  // namespace sojourn
