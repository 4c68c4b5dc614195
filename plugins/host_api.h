// The tables of functions that a plugin gets.
#pragma once

#include <sojourn/task_abi.h>

#include <string>

#include "plugins/containment.h"
#include "plugins/context.h"

namespace sojourn {

const sojourn_host* host_table();

// The interfaces, each in its own file.
const sojourn_tensor_api* tensor_interface();  // tensor_api.cpp
const sojourn_text_api* text_interface();      // data_api.cpp
const sojourn_data_api* data_interface();
const sojourn_eval_api* eval_interface();  // eval_api.cpp
const sojourn_search_api* search_interface();

// Turns what a host function throws into a status and last_error; only from inside a catch block.
sojourn_status caught(sojourn_ctx& context) noexcept;

// Runs the body of a host function. Nothing but the context of the callback that this thread is in
// will do, so that one from another thread or a finished call is refused without being touched.
template <typename Body>
sojourn_status host_function(sojourn_ctx* context, const Body& body) noexcept {
  if (context == nullptr || context != current_call()) return SOJOURN_PRECONDITION;
  const HostScope host;
  context->host_error.clear();
  try {
    body(*context);
    return SOJOURN_OK;
  } catch (...) {
    return caught(*context);
  }
}

// Refuses a function that may not be called in this callback.
[[noreturn]] inline void refuse_place(const sojourn_ctx& context, const char* function,
                                      const char* where) {
  throw Refusal(SOJOURN_PRECONDITION, std::string(function) + " may be called in " + where +
                                          " only, not in " + context.callback);
}

inline void require(bool holds, const std::string& what) {
  if (!holds) throw Refusal(SOJOURN_INVALID, what);
}

}  // namespace sojourn
