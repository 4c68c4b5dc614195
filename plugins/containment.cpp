#include "plugins/containment.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "core/base/last_words.h"

namespace sojourn {

namespace {

constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
std::array<struct sigaction, kCrashes.size()> g_former{};
std::atomic<bool> g_blaming{false};
CallObserver g_observer{};

thread_local CallScope* t_call = nullptr;
thread_local sojourn_ctx* t_context = nullptr;     // of t_call
thread_local std::array<char, 160> t_last_call{};  // of which nothing else may be left

// All calls of all threads. Never destroyed: a plugin may outlive static objects.
struct Calls {
  std::mutex mutex;
  std::vector<CallScope*> list;
};
Calls& calls() {
  static auto& instance = *new Calls;
  return instance;
}

std::int64_t now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

const char* name_of_signal(int signal) noexcept {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV, a wrong address or a full stack";
    case SIGBUS:
      return "SIGBUS, a wrong address or a file that shrank";
    case SIGFPE:
      return "SIGFPE, such as a division by zero";
    case SIGILL:
      return "SIGILL, an unknown instruction";
    default:
      return "SIGABRT, as of abort() or an exception that nobody caught";
  }
}

// Called on the thread that crashed, possibly with its heap in pieces.
void on_crash(int signal) {
  static std::atomic_flag crashed;
  if (crashed.test_and_set()) ::_exit(kExitPluginEnded);  // now in here, too
  if (t_context != nullptr) {
    write_last_words({t_context->plugin.c_str(), " crashed (", name_of_signal(signal), ") in ",
                      t_context->callback});
    ::_exit(kExitPluginEnded);
  }
  if (t_last_call[0] != '\0') {
    write_last_words({"crashed (", name_of_signal(signal),
                      "), in no plugin, but after this thread's call of ", t_last_call.data()});
  }
  const auto place = std::find(kCrashes.begin(), kCrashes.end(), signal) - kCrashes.begin();
  ::sigaction(signal, &g_former[static_cast<std::size_t>(place)], nullptr);
  ::raise(signal);
}

// A stack for the handler, without which a full stack couldn't be reported; a thread has its own.
class SignalStack {
 public:
  SignalStack() {
    stack_t former{};
    ::sigaltstack(nullptr, &former);
    if ((former.ss_flags & SS_DISABLE) == 0) return;  // it has one, as under a sanitizer
    memory_.resize(std::size_t{64} << 10U);
    const stack_t stack{memory_.data(), 0, memory_.size()};
    ::sigaltstack(&stack, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack() {
    if (memory_.empty()) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }

 private:
  std::vector<char> memory_;
};

void remember_last_call(const sojourn_ctx& context) noexcept {
  auto add = [place = t_last_call.begin()](const char* text) mutable {
    const auto room = static_cast<std::size_t>(t_last_call.end() - place - 1);
    const std::size_t n = std::min(std::strlen(text), room);
    place = std::copy_n(text, n, place);
    *place = '\0';
  };
  add(context.plugin.c_str());
  add(", ");
  add(context.callback);
}

}  // namespace

void observe_calls(const CallObserver& observer) noexcept { g_observer = observer; }

sojourn_ctx* current_call() noexcept { return t_context; }

CallScope::CallScope(sojourn_ctx& context) noexcept
    : context_(&context), outer_(std::exchange(t_call, this)), last_sign_(now()) {
  if (g_blaming) thread_local const SignalStack stack;
  t_context = &context;
  if (g_observer.begin != nullptr) g_observer.begin(context.callback);
  const std::lock_guard lock(calls().mutex);
  calls().list.push_back(this);
}

CallScope::~CallScope() {
  {
    const std::lock_guard lock(calls().mutex);
    auto& list = calls().list;
    list.erase(std::find(list.rbegin(), list.rend(), this).base() - 1);
  }
  if (g_observer.end != nullptr) g_observer.end(context_->callback);
  remember_last_call(*context_);
  t_call = outer_;
  t_context = outer_ == nullptr ? nullptr : outer_->context_;
}

HostScope::HostScope() noexcept : call_(t_call) {
  if (call_ != nullptr) call_->last_sign_ = -1;
}
HostScope::~HostScope() {
  if (call_ != nullptr) call_->last_sign_ = now();
}

void blame_plugins_for_crashes() {
  struct sigaction action{};
  action.sa_handler = &on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kCrashes.size(); ++i) ::sigaction(kCrashes[i], &action, &g_former[i]);
  g_blaming = true;
}

void CallScope::end_if_silent(std::chrono::milliseconds limit) noexcept {
  const std::lock_guard lock(calls().mutex);
  const std::int64_t latest = now() - limit / std::chrono::nanoseconds(1);
  for (const CallScope* call : calls().list) {
    const std::int64_t sign = call->last_sign_;
    if (sign < 0 || sign >= latest) continue;
    const std::string seconds = std::to_string(limit / std::chrono::seconds(1));
    write_last_words({call->context_->plugin.c_str(), " has given no sign of life for ",
                      seconds.c_str(), " s in ", call->context_->callback});
    ::_exit(kExitPluginEnded);
  }
}

struct CallWatch::Thread {
  std::mutex mutex;
  std::condition_variable stop;
  bool stopped = false;
  std::thread thread;
};

CallWatch::CallWatch(std::chrono::milliseconds limit) : thread_(std::make_unique<Thread>()) {
  thread_->thread = std::thread([limit, &state = *thread_] {
    std::unique_lock lock(state.mutex);
    while (!state.stop.wait_for(lock, limit / 10, [&] { return state.stopped; }))
      CallScope::end_if_silent(limit);
  });
}

CallWatch::~CallWatch() {
  {
    const std::lock_guard lock(thread_->mutex);
    thread_->stopped = true;
  }
  thread_->stop.notify_one();
  thread_->thread.join();
}

}  // namespace sojourn
