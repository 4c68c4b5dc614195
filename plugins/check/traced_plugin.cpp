#include "plugins/check/traced_plugin.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/text.h"
#include "plugins/abi_sizes.h"
#include "plugins/host_api.h"

namespace sojourn {

namespace {

sojourn_plugin g_plugin;    // as it is
sojourn_task g_task;        // as it is
std::size_t g_outputs = 0;  // of the task's head
std::mutex g_mutex;         // of the next
std::vector<std::string> g_violations;

void violation(const char* callback, const std::string& what) {
  const std::lock_guard lock(g_mutex);
  std::string text = std::string(callback) + " " + what;
  if (std::find(g_violations.begin(), g_violations.end(), text) == g_violations.end())
    g_violations.push_back(std::move(text));
}

void check_status(const sojourn_ctx* context, sojourn_status status) {
  constexpr sojourn_status kLastStatus = 16;  // of absl::StatusCode
  if (status < 0 || status > kLastStatus)
    violation(context->callback, "returned " + std::to_string(status) + ", which is no status");
  if (status != SOJOURN_OK && context->plugin_error.empty() && context->host_error.empty()) {
    violation(context->callback,
              "returned status " + std::to_string(status) + " without saying why");
  }
}

// Callbacks of which no more is asked than that they fail with a reason.
template <auto kMember>
struct Traced;
template <typename... A, sojourn_status (*sojourn_task::*kMember)(A...) noexcept>
struct Traced<kMember> {
  static sojourn_status call(A... arguments) noexcept { return check(arguments...); }
  static sojourn_status check(sojourn_ctx* context, auto... rest) noexcept {
    const sojourn_status status = (g_task.*kMember)(context, rest...);
    check_status(context, status);
    return status;
  }
};

// An object that a callback makes: untouched where it fails.
template <typename Call>
sojourn_status making(sojourn_ctx* context, void** object, const Call& call) {
  void* const before = *object;
  const sojourn_status status = call();
  if (status == SOJOURN_OK) return status;
  check_status(context, status);
  if (*object != before) violation(context->callback, "failed and changed its out-parameter");
  *object = before;
  return status;
}

sojourn_status dataset_open(sojourn_ctx* context, void* self,
                            const sojourn_dataset_request* request, void** dataset,
                            std::uint64_t* n) noexcept {
  return making(context, dataset,
                [&] { return g_task.dataset_open(context, self, request, dataset, n); });
}

sojourn_status head_create(sojourn_ctx* context, void* self, const sojourn_head_request* request,
                           void** head) noexcept {
  return making(context, head, [&] { return g_task.head_create(context, self, request, head); });
}

sojourn_status decode_create(sojourn_ctx* context, void* dataset, void** decoder) noexcept {
  return making(context, decoder, [&] { return g_task.decode_create(context, dataset, decoder); });
}

// Numbers for a callback to fill, with room behind them that it must leave alone.
template <typename T>
class Guarded {
 public:
  Guarded(const T* values, std::size_t n, T canary) : n_(n), canary_(canary), room_(n + kSpare) {
    std::copy(values, values + n, room_.begin());
    std::fill(room_.begin() + static_cast<std::ptrdiff_t>(n), room_.end(), canary);
  }
  T* data() { return room_.data(); }
  bool intact() const {
    return std::all_of(room_.begin() + static_cast<std::ptrdiff_t>(n_), room_.end(),
                       [&](T value) { return value == canary_; });
  }
  void copy_to(T* values) const {
    std::copy(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(n_), values);
  }

 private:
  static constexpr std::size_t kSpare = 64;
  std::size_t n_;
  T canary_;
  std::vector<T> room_;
};

sojourn_status score(sojourn_ctx* context, void* dataset, std::uint64_t index,
                     sojourn_str prediction, double* statistics, std::uint64_t n) noexcept {
  Guarded<double> guarded(statistics, static_cast<std::size_t>(n), -1.2345e67);
  const sojourn_status status =
      g_task.score(context, dataset, index, prediction, guarded.data(), n);
  if (status != SOJOURN_NOT_FOUND) check_status(context, status);  // which says: no gold
  if (!guarded.intact()) {
    violation(context->callback,
              "wrote more numbers than the " + std::to_string(n) + " statistics of the manifest");
  }
  guarded.copy_to(statistics);
  return status;
}

sojourn_status head_forward(sojourn_ctx* context, void* head, const sojourn_batch* batch,
                            sojourn_tensor* outputs) noexcept {
  Guarded<sojourn_tensor> guarded(outputs, g_outputs, 0x5AFE5AFE5AFE5AFE);
  const sojourn_status status = g_task.head_forward(context, head, batch, guarded.data());
  check_status(context, status);
  if (!guarded.intact()) {
    violation(context->callback, "wrote more tensors than the " + std::to_string(g_outputs) +
                                     " outputs of the manifest");
  }
  guarded.copy_to(outputs);
  return status;
}

void set_error(sojourn_ctx* context, sojourn_str message) noexcept {
  if (context != nullptr && context == current_call() && invalid_utf8_at(from_abi(message)))
    violation(context->callback, "gave a message that isn't UTF-8");
  host_table()->set_error(context, message);
}

sojourn_status init(const sojourn_host* host, sojourn_ctx* context, void** self) noexcept {
  static sojourn_host traced;
  traced = *host;
  traced.set_error = &set_error;
  return making(context, self, [&] { return g_plugin.init(&traced, context, self); });
}

template <auto kMember>
void trace(sojourn_task& task) {
  if (task.*kMember != nullptr) task.*kMember = &Traced<kMember>::call;
}

}  // namespace

const sojourn_plugin& traced_plugin(const sojourn_plugin& plugin, std::size_t index) {
  static sojourn_task task;
  static const sojourn_task* tasks[1] = {&task};  // NOLINT(modernize-avoid-c-arrays): of the ABI
  static sojourn_plugin traced;
  g_plugin = known_part(plugin);
  g_task = known_part(*plugin.tasks[index]);
  g_outputs = parse_manifest(from_abi(g_task.manifest), plugin.id).outputs.size();
  task = g_task;
  task.dataset_open = &dataset_open;
  task.decode_create = &decode_create;
  task.score = &score;
  if (task.head_create != nullptr) task.head_create = &head_create;
  if (task.head_forward != nullptr) task.head_forward = &head_forward;
  trace<&sojourn_task::example>(task);
  trace<&sojourn_task::featurize>(task);
  trace<&sojourn_task::labels>(task);
  trace<&sojourn_task::head_loss>(task);
  trace<&sojourn_task::decode_add>(task);
  trace<&sojourn_task::decode_tune>(task);
  trace<&sojourn_task::decode_finish>(task);
  traced = g_plugin;
  traced.n_tasks = 1;
  traced.tasks = tasks;
  traced.init = &init;
  return traced;
}

std::vector<std::string> take_violations() {
  const std::lock_guard lock(g_mutex);
  return std::exchange(g_violations, {});
}

}  // namespace sojourn
