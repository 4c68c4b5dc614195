#include "plugins/plugin_function.h"

#include <utility>

#include <torch/csrc/autograd/custom_function.h>

#include "plugins/host_api.h"

namespace sojourn {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Application : torch::autograd::Function<Application> {
  static variable_list forward(AutogradContext* context, at::TensorList inputs,
                               const c10::intrusive_ptr<PluginFunction>& function,
                               std::size_t n_outputs) {
    context->save_for_backward(inputs.vec());
    context->saved_data["function"] = c10::IValue::make_capsule(function);
    return function->forward(inputs.vec(), n_outputs);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto function = c10::static_intrusive_pointer_cast<PluginFunction>(
        context->saved_data["function"].toCapsule());
    auto found = function->backward(context->get_saved_variables(), gradients);
    found.resize(found.size() + 2);  // of the arguments that are no tensors
    return found;
  }
};

// What a callback has put at `handle`. Throws Error(kPlugin).
const at::Tensor& tensor_of(const HandleTable<at::Tensor>& table, const sojourn_ctx& context,
                            sojourn_tensor handle, const std::string& what) {
  const at::Tensor* tensor = table.find(handle);
  if (tensor == nullptr) throw plugin_error(context, what + " is no tensor of this call");
  return *tensor;
}

std::vector<sojourn_tensor> handles_of(HandleTable<at::Tensor>& table,
                                       const std::vector<at::Tensor>& tensors) {
  std::vector<sojourn_tensor> handles;
  handles.reserve(tensors.size());
  for (const auto& tensor : tensors) handles.push_back(table.add(tensor));
  return handles;
}

}  // namespace

PluginFunction::~PluginFunction() {
  if (fn_.destroy == nullptr) return;
  sojourn_ctx context{plugin_, "autograd_fn.destroy"};
  call_plugin(context, fn_.destroy, fn_.self);
}

std::vector<at::Tensor> PluginFunction::apply(const c10::intrusive_ptr<PluginFunction>& function,
                                              const sojourn_ctx& caller,
                                              const std::vector<at::Tensor>& inputs,
                                              std::size_t n_outputs) {
  require(function->fn_.forward != nullptr && function->fn_.backward != nullptr,
          "autograd_apply needs a function with forward and backward");
  require(!inputs.empty() && n_outputs > 0, "autograd_apply needs inputs and outputs");
  function->plugin_ = caller.plugin;
  function->ops_ = caller.head->ops;
  function->device_ = caller.head->device;
  function->training_ = caller.head->step->training;
  return Application::apply(at::TensorList(inputs), function, n_outputs);
}

// A callback of the function, with handles of its own that die with it: body(context, tensors).
template <typename Body>
void PluginFunction::call(const char* callback, const Body& body) {
  HandleTable<at::Tensor> tensors;
  HeadServices services{&tensors, ops_};
  services.step = OpContext{training_, []() -> DropoutKey {
                              throw Refusal(SOJOURN_PRECONDITION,
                                            "draws random numbers, which a plugin's own function "
                                            "can't: pass them to it as an input");
                            }};
  services.device = device_;
  sojourn_ctx context{plugin_, callback};
  context.head = &services;
  body(context, tensors);
}

std::vector<at::Tensor> PluginFunction::forward(const std::vector<at::Tensor>& inputs,
                                                std::size_t n_outputs) {
  std::vector<at::Tensor> outputs;
  call("autograd_fn.forward", [&](sojourn_ctx& context, HandleTable<at::Tensor>& tensors) {
    const auto given = handles_of(tensors, inputs);
    std::vector<sojourn_tensor> made(n_outputs, 0);
    check_call(context, call_plugin(context, fn_.forward, &context, fn_.self, given.data(),
                                    static_cast<std::uint32_t>(given.size()), made.data(),
                                    static_cast<std::uint32_t>(made.size())));
    for (std::size_t o = 0; o < made.size(); ++o) {
      const std::string what = "output " + std::to_string(o);
      outputs.push_back(tensor_of(tensors, context, made[o], what));
      if (!outputs.back().is_floating_point())
        throw plugin_error(context, what + " is of integers, which have no gradient");
    }
  });
  return outputs;
}

std::vector<at::Tensor> PluginFunction::backward(const std::vector<at::Tensor>& inputs,
                                                 const std::vector<at::Tensor>& output_gradients) {
  std::vector<at::Tensor> gradients(inputs.size());
  call("autograd_fn.backward", [&](sojourn_ctx& context, HandleTable<at::Tensor>& tensors) {
    const auto given = handles_of(tensors, inputs);
    const auto from = handles_of(tensors, output_gradients);
    std::vector<sojourn_tensor> made(inputs.size(), 0);
    check_call(context, call_plugin(context, fn_.backward, &context, fn_.self, given.data(),
                                    static_cast<std::uint32_t>(given.size()), from.data(),
                                    static_cast<std::uint32_t>(from.size()), made.data()));
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made[i] == 0) continue;
      const std::string what = "the gradient by input " + std::to_string(i);
      const at::Tensor& gradient = tensor_of(tensors, context, made[i], what);
      if (gradient.sizes() != inputs[i].sizes()) {
        throw plugin_error(context, what + " has shape " + shape_text(gradient) + ", expected " +
                                        shape_text(inputs[i]));
      }
      gradients[i] = gradient.to(inputs[i].scalar_type());
    }
  });
  return gradients;
}

}  // namespace sojourn
