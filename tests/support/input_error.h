// What bad input is answered with.
#pragma once

#include <exception>
#include <string>

#include "core/base/error.h"

namespace sojourn {

// The message of the Error(kInput) that `action` throws; for anything else, a text that no test
// expects.
template <typename Action>
std::string input_error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kInput ? error.what()
                                             : std::string("(another kind) ") + error.what();
  } catch (const std::exception& error) {
    return std::string("(no Error) ") + error.what();
  }
  return "(no error)";
}

}  // namespace sojourn
