#include "plugins/host_api.h"

#include <map>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>

#include "core/base/cancel.h"
#include "core/base/log.h"
#include "core/base/text.h"

namespace sojourn {

namespace {

const void* get_interface(const char* id) noexcept {
  const HostScope host;
  const std::string_view name = id == nullptr ? "" : id;
  if (name == "sojourn.tensor/1") return tensor_interface();
  if (name == "sojourn.text/1") return text_interface();
  if (name == "sojourn.data/1") return data_interface();
  if (name == "sojourn.eval/1") return eval_interface();
  if (name == "sojourn.search/1") return search_interface();
  return nullptr;
}

void write_log(sojourn_ctx* context, std::int32_t level, sojourn_str message) noexcept {
  const HostScope host;
  if (context == nullptr || context != current_call()) return;
  const auto severity = level <= SOJOURN_LOG_DEBUG  ? spdlog::level::debug
                        : level == SOJOURN_LOG_INFO ? spdlog::level::info
                        : level == SOJOURN_LOG_WARN ? spdlog::level::warn
                                                    : spdlog::level::err;
  spdlog::log(severity, "{}: {}", context->plugin, from_abi(message));
}

void set_error(sojourn_ctx* context, sojourn_str message) noexcept {
  const HostScope host;
  if (context == nullptr || context != current_call()) return;
  const std::string_view text = from_abi(message);
  context->plugin_error =
      invalid_utf8_at(text) ? "(a message that isn't UTF-8)" : std::string(text);
}

sojourn_str last_error(sojourn_ctx* context) noexcept {
  const HostScope host;
  if (context == nullptr || context != current_call()) {
    return to_abi(
        "a host function was called with another context than that of the callback, or on another "
        "thread");
  }
  return to_abi(context->host_error);
}

std::int32_t is_cancelled(sojourn_ctx* /*context*/) noexcept {
  const HostScope host;
  return interrupted() ? 1 : 0;
}

}  // namespace

const sojourn_host* host_table() {
  static const sojourn_host table{sizeof(sojourn_host), SOJOURN_ABI_MAJOR, SOJOURN_ABI_MINOR,
                                  &get_interface,       &write_log,        &set_error,
                                  &last_error,          &is_cancelled};
  return &table;
}

sojourn_status caught(sojourn_ctx& context) noexcept {
  try {
    throw;
  } catch (const Refusal& refusal) {  // the plugin's own fault, which it may handle
    context.host_error = refusal.what();
    return refusal.status();
  } catch (const Error& error) {
    context.host_error = error.what();
    // What the host objects to in the plugin's work is said with the plugin's name; the rest goes
    // on as it is.
    context.host_failure = error.kind() == ErrorKind::kPlugin
                               ? std::make_exception_ptr(plugin_error(context, error.what()))
                               : std::current_exception();
    return error.kind() == ErrorKind::kCancelled ? SOJOURN_CANCELLED : SOJOURN_INVALID;
  } catch (const std::exception& error) {
    context.host_error = error.what();
    context.host_failure = std::current_exception();
    return SOJOURN_INTERNAL;
  } catch (...) {
    context.host_error = "the host failed";
    context.host_failure = std::current_exception();
    return SOJOURN_INTERNAL;
  }
}

}  // namespace sojourn
