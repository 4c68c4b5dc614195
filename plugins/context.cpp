#include "plugins/context.h"

#include "core/base/cancel.h"
#include "core/base/text.h"

namespace sojourn {

Error plugin_error(const sojourn_ctx& context, const std::string& what) {
  return {ErrorKind::kPlugin, context.plugin + ", " + context.callback, what};
}

void check_call(const sojourn_ctx& context, sojourn_status status) {
  if (context.host_failure) std::rethrow_exception(context.host_failure);
  if (status == SOJOURN_OK) return;
  if (status == SOJOURN_CANCELLED) throw_if_interrupted();
  if (!context.plugin_error.empty()) throw plugin_error(context, context.plugin_error);
  if (!context.host_error.empty()) throw plugin_error(context, context.host_error);
  throw plugin_error(context, "failed with status " + std::to_string(status) + " and no message");
}

std::string checked_string(const sojourn_ctx& context, sojourn_str s, const char* what) {
  const std::string_view text = from_abi(s);
  if (invalid_utf8_at(text)) throw plugin_error(context, std::string(what) + " isn't UTF-8");
  return std::string(text);
}

}  // namespace sojourn
