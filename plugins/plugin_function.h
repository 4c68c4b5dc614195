// A plugin's own differentiable function, see sojourn_autograd_fn.
#pragma once

#include <sojourn/task_abi.h>

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/custom_class.h>

#include "plugins/abi_sizes.h"
#include "plugins/context.h"

namespace sojourn {

// One application of it. Lives until the graph does that its outputs hang on.
class PluginFunction : public torch::CustomClassHolder {
 public:
  // Takes over fn.self, whatever comes.
  explicit PluginFunction(const sojourn_autograd_fn& fn) noexcept : fn_(known_part(fn)) {}
  PluginFunction(const PluginFunction&) = delete;
  PluginFunction& operator=(const PluginFunction&) = delete;
  ~PluginFunction() override;

  // The outputs, with a history where an input has one. `caller` is the call that the function is
  // applied in. Throws Refusal for a function without its callbacks, Error(kPlugin) for what goes
  // wrong in them.
  static std::vector<at::Tensor> apply(const c10::intrusive_ptr<PluginFunction>& function,
                                       const sojourn_ctx& caller,
                                       const std::vector<at::Tensor>& inputs,
                                       std::size_t n_outputs);

  std::vector<at::Tensor> forward(const std::vector<at::Tensor>& inputs, std::size_t n_outputs);
  // Undefined where an input has none.
  std::vector<at::Tensor> backward(const std::vector<at::Tensor>& inputs,
                                   const std::vector<at::Tensor>& output_gradients);

 private:
  template <typename Body>
  void call(const char* callback, const Body& body);

  sojourn_autograd_fn fn_;
  std::string plugin_;
  std::shared_ptr<HandleTable<BoundOp>> ops_;
  at::Device device_ = at::kCPU;
  bool training_ = false;
};

}  // namespace sojourn
