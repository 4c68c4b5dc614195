// The host as a plugin's C++ code sees it: errors as exceptions, and what every callback may ask
// for.
#pragma once

#include <sojourn/task_abi.h>

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

// The SDK's code belongs to the one plugin that it is compiled into: hidden, so that two plugins of
// one process never share its variables.
#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Ends a callback with this status and message. It never leaves the plugin: see guarded() below.
class Failure : public std::runtime_error {
 public:
  Failure(sojourn_status status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  sojourn_status status() const noexcept { return status_; }

 private:
  sojourn_status status_;
};

// The user's data is wrong: DataError("train.tsv", 17, "2 columns, expected 3"). The user sees
// exactly this.
class DataError : public Failure {
 public:
  DataError(const std::string& file, std::size_t line, const std::string& what)
      : Failure(SOJOURN_INVALID, file + ":" + std::to_string(line) + ": " + what) {}
};

// The example has no gold, so there is nothing to score its prediction by.
class NoGold : public Failure {
 public:
  NoGold() : Failure(SOJOURN_NOT_FOUND, "no gold") {}
};

inline std::string_view view(sojourn_str s) noexcept {
  return s.n == 0 ? std::string_view() : std::string_view(s.p, static_cast<std::size_t>(s.n));
}
inline sojourn_str str(std::string_view s) noexcept { return {s.data(), s.size()}; }

// The interfaces of the host, set once by the plugin's init. It is the same host at every call.
struct Host {
  const sojourn_host* base = nullptr;
  const sojourn_tensor_api* tensor = nullptr;
  const sojourn_text_api* text = nullptr;
  const sojourn_data_api* data = nullptr;
  const sojourn_eval_api* eval = nullptr;
  const sojourn_search_api* search = nullptr;
};

inline Host& host() noexcept {
  static Host instance;
  return instance;
}

// Of a call where a refusal is the plugin's own error, and none in data.
inline void check_own(sojourn_ctx* context, sojourn_status status) {
  if (status != SOJOURN_OK)
    throw Failure(SOJOURN_INTERNAL, std::string(view(host().base->last_error(context))));
}

// One call from the host, for as long as it lasts. What may be asked in which callback is split
// over the classes below (dataset.h, head.h), so that asking in the wrong one doesn't compile.
class Call {
 public:
  explicit Call(sojourn_ctx* context) noexcept : context_(context) {}

  // level: SOJOURN_LOG_INFO and the like.
  void log(std::int32_t level, std::string_view message) const {
    host().base->log(context_, level, str(message));
  }

  // To be called in long loops.
  void stop_if_cancelled() const {
    if (host().base->is_cancelled(context_) != 0)
      throw Failure(SOJOURN_CANCELLED, "stopped at the user's request");
  }

 protected:
  // Throws what a host function has reported.
  void check(sojourn_status status) const {
    if (status != SOJOURN_OK)
      throw Failure(status, std::string(view(host().base->last_error(context_))));
  }
  sojourn_ctx* context() const noexcept { return context_; }

 private:
  sojourn_ctx* context_;
};

// The status of the exception that is being handled; its message goes to the host.
inline sojourn_status report_exception(sojourn_ctx* context) noexcept {
  const auto report = [&](sojourn_status status, const char* message) {
    host().base->set_error(context, str(message));
    return status;
  };
  try {
    throw;
  } catch (const Failure& failure) {
    return report(failure.status(), failure.what());
  } catch (const std::exception& error) {
    return report(SOJOURN_INTERNAL, error.what());
  } catch (...) {
    return report(SOJOURN_INTERNAL, "an exception that isn't a std::exception");
  }
}

// Runs the body of a callback. Whatever it throws becomes a status and a message for the host.
template <class Body>
sojourn_status guarded(sojourn_ctx* context, const Body& body) noexcept {
  try {
    body();
    return SOJOURN_OK;
  } catch (...) {
    return report_exception(context);
  }
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
