// One call from the host into a plugin, and what the plugin may ask for while it lasts.
#pragma once

#include <sojourn/task_abi.h>

#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/task.h"
#include "plugins/handle_table.h"
#include "plugins/op_table.h"

namespace sojourn {

// Why a host function doesn't do what a plugin asks; becomes its status and last_error.
class Refusal : public std::runtime_error {
 public:
  Refusal(sojourn_status status, const std::string& what)
      : std::runtime_error(what), status_(status) {}
  sojourn_status status() const noexcept { return status_; }

 private:
  sojourn_status status_;
};

using MappedFiles = std::map<std::string, std::unique_ptr<const MappedFile>>;

// In dataset_open and labels.
struct OpenServices {
  const Manifest* manifest;
  const DatasetRequest* request;
  MappedFiles* mapped;               // lives as long as the data set
  std::vector<std::string>* labels;  // in labels only
};

// In featurize.
struct FeatureServices {
  const Tokenizer* tokenizer;
  std::int64_t max_tokens;
  FeatureSink* sink;
  std::size_t n_fields;
  std::vector<Encoding> windows;  // of the last encode
};

// In the head's callbacks, and in those of a plugin's own functions, which see no tensors but
// theirs.
struct HeadServices {
  HandleTable<at::Tensor>* tensors;
  std::shared_ptr<HandleTable<BoundOp>> ops;
  const std::vector<std::string>* declared_ops = nullptr;  // in head_create only, as `parameters`
  const ParameterFactory* parameters = nullptr;
  std::optional<OpContext> step = {};   // everywhere else
  at::Device device = at::kCPU;         // of the step
  bool may_apply = false;               // autograd_apply: in head_forward and head_loss
  std::vector<at::Tensor> arrays = {};  // what the plugin was given pointers into
};

// In decode_tune and decode_finish.
struct EvalServices {
  const VectorSearch* search;  // null where the task doesn't search
  // In decode_finish only. Throws Refusal for an example that has a prediction already, or that
  // there isn't.
  const Decoder::PredictionSink* predict;
  std::string* tuned;                                   // in decode_tune only
  std::vector<std::shared_ptr<const void>> found = {};  // what the plugin was given pointers into
};

}  // namespace sojourn

// Exactly one group of services is there, or none.
struct sojourn_ctx {     // NOLINT(readability-identifier-naming): declared in task_abi.h
  std::string plugin;    // "plugin mine 1.0"
  const char* callback;  // "head_forward"
  sojourn::OpenServices* open = nullptr;
  sojourn::FeatureServices* features = nullptr;
  sojourn::HeadServices* head = nullptr;
  sojourn::EvalServices* eval = nullptr;

  std::string plugin_error = {};  // set_error
  std::string host_error = {};    // why the last host function failed
  std::exception_ptr host_failure =
      {};  // what went wrong on the host's side, to go on after the plugin returned
};

namespace sojourn {

// The error of a plugin in this call.
Error plugin_error(const sojourn_ctx& context, const std::string& what);

// Throws unless the callback succeeded: what failed on the host's side, Error(kCancelled), else
// Error(kPlugin) with the plugin's message.
void check_call(const sojourn_ctx& context, sojourn_status status);

// A string from a plugin. Throws Error(kPlugin) where it isn't UTF-8.
std::string checked_string(const sojourn_ctx& context, sojourn_str s, const char* what);

inline sojourn_str to_abi(std::string_view s) noexcept { return {s.data(), s.size()}; }
inline std::string_view from_abi(sojourn_str s) noexcept {
  return s.p == nullptr ? std::string_view() : std::string_view(s.p, s.n);
}

}  // namespace sojourn
