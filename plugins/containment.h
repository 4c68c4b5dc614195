// Calls into plugins so that whatever happens in one can be blamed on it: an exception, a crash, a
// callback that never returns.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "plugins/context.h"

namespace sojourn {

// The exit code of a process that a plugin crashed or hung.
constexpr int kExitPluginEnded = 4;

// From now on a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) in a call into a plugin ends the
// process with kExitPluginEnded and last words that name plugin, version, callback, signal and
// stage. Any other crash goes on as before, but the last words say which call was the thread's
// last, since memory that a plugin has spoilt may show much later.
void blame_plugins_for_crashes();

// While it exists, a callback that gives no sign of life for longer than the limit (it neither
// returns nor calls a host function, is_cancelled included) ends the process in the same way. Time
// within host functions doesn't count.
class CallWatch {
 public:
  explicit CallWatch(std::chrono::milliseconds limit);
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;
  ~CallWatch();

 private:
  struct Thread;
  std::unique_ptr<Thread> thread_;
};

// Told of the begin and the end of each call, by the thread that makes it. Set once, by a process
// that another one watches.
struct CallObserver {
  void (*begin)(const char* callback) noexcept = nullptr;
  void (*end)(const char* callback) noexcept = nullptr;
};
void observe_calls(const CallObserver& observer) noexcept;

// Makes a context this thread's current one while it exists.
class CallScope {
 public:
  explicit CallScope(sojourn_ctx& context) noexcept;
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  ~CallScope();

 private:
  friend class HostScope;
  friend class CallWatch;
  static void end_if_silent(std::chrono::milliseconds limit) noexcept;

  sojourn_ctx* context_;
  CallScope* outer_;
  std::atomic<std::int64_t> last_sign_;  // of life, in ns of the steady clock; -1 in host functions
};

// The call that this thread is in, or null.
sojourn_ctx* current_call() noexcept;

// While it exists, this thread's call is in a function of the host.
class HostScope {
 public:
  HostScope() noexcept;
  HostScope(const HostScope&) = delete;
  HostScope& operator=(const HostScope&) = delete;
  ~HostScope();

 private:
  CallScope* call_;
};

// Calls a function of a plugin in this context. An exception that leaves it is a crash: the
// function was declared not to let one out, so nothing on its way would be cleaned up.
template <typename Result, typename... Parameters, typename... Arguments>
Result call_plugin(sojourn_ctx& context, Result (*function)(Parameters...) noexcept,
                   Arguments... arguments) noexcept {
  // Through another type, by which the compiler doesn't take the promise for kept.
  Result (*const unchecked)(Parameters...) = function;
  const CallScope scope(context);
  return unchecked(arguments...);
}

}  // namespace sojourn
