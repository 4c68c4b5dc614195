#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ops/empty.h>

#include "core/base/text.h"
#include "plugins/abi_sizes.h"
#include "plugins/host_api.h"
#include "plugins/plugin_function.h"

namespace sojourn {

namespace {

sojourn_status op_bind(sojourn_ctx* context, const char* signature, sojourn_op* out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.head == nullptr || c.head->parameters == nullptr)
      refuse_place(c, "op_bind", "head_create");
    require(signature != nullptr && *signature != '\0' && out != nullptr,
            "op_bind needs a signature and a place");
    BoundOp op = bind_op(signature);
    const auto& declared = *c.head->declared_ops;
    require(std::find(declared.begin(), declared.end(), op.schema->name) != declared.end(),
            op.schema->name + " isn't among the manifest's ops");
    *out = c.head->ops->add(std::move(op));
  });
}

constexpr std::uint32_t kMostDimensions = 8;

// Of a callback that computes.
HeadServices& in_step(sojourn_ctx& context, const char* function) {
  if (context.head == nullptr || !context.head->step)
    refuse_place(context, function, "head_forward, head_loss and the callbacks of a function");
  return *context.head;
}

const at::Tensor& tensor_of(const HeadServices& head, sojourn_tensor handle,
                            const std::string& what) {
  const at::Tensor* tensor = head.tensors->find(handle);
  require(tensor != nullptr, what + " is no tensor of this call");
  return *tensor;
}

OpValue to_value(const HeadServices& head, const sojourn_value& value, std::size_t place) {
  switch (value.type) {
    case SOJOURN_V_NONE:
      return {};
    case SOJOURN_V_INT:
      return value.u.i;
    case SOJOURN_V_FLOAT:
      return value.u.f;
    case SOJOURN_V_TENSOR:
      return tensor_of(head, value.u.t, "argument " + std::to_string(place));
    default:
      throw Refusal(SOJOURN_INVALID, "argument " + std::to_string(place) + " is of no known type");
  }
}

sojourn_status op_call(sojourn_ctx* context, sojourn_op handle, const sojourn_value* arguments,
                       std::uint32_t n, sojourn_tensor* out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    HeadServices& head = in_step(c, "op_call");
    const BoundOp* op = head.ops->find(handle);
    require(op != nullptr, "the operation is none that this head has bound");
    require(out != nullptr && (n == 0 || arguments != nullptr),
            op->schema->name + " needs arguments and a place");
    require(n <= op->schema->arguments.size(),
            op->schema->name + " has fewer arguments than are passed");
    std::vector<OpValue> values;
    values.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) values.push_back(to_value(head, arguments[i], i));
    *out = head.tensors->add(call_op(*op, values, *head.step));
  });
}

// How many numbers a shape holds. Throws Refusal for one that can't be.
std::int64_t numbers_of(const std::int64_t* shape, std::uint32_t ndim, const std::string& what) {
  constexpr std::int64_t kMostNumbers = 4'294'967'296;  // 16 GB
  require(ndim <= kMostDimensions && (ndim == 0 || shape != nullptr),
          what + " is of an impossible shape");
  std::int64_t numbers = 1;
  for (std::uint32_t d = 0; d < ndim; ++d) {
    require(shape[d] >= 0 && shape[d] <= kMostNumbers / std::max<std::int64_t>(numbers, 1),
            what + " is of an impossible size");
    numbers *= shape[d];
  }
  return numbers;
}

bool known_init(std::string_view init) {
  constexpr std::string_view kNormal = "normal(";
  if (init == "zeros" || init == "ones") return true;
  if (!init.starts_with(kNormal) || !init.ends_with(')')) return false;
  const std::string_view number = init.substr(kNormal.size(), init.size() - kNormal.size() - 1);
  double deviation = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), deviation);
  return error == std::errc() && end == number.data() + number.size() && std::isfinite(deviation) &&
         deviation >= 0;
}

sojourn_status param(sojourn_ctx* context, const char* name, const std::int64_t* shape,
                     std::uint32_t ndim, const char* init, sojourn_tensor* out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.head == nullptr || c.head->parameters == nullptr) refuse_place(c, "param", "head_create");
    require(name != nullptr && *name != '\0' && init != nullptr && out != nullptr,
            "param needs a name and an init");
    const std::string label = std::string("parameter '") + name + "'";
    require(shape != nullptr && ndim >= 1, label + " has no shape");
    require(numbers_of(shape, ndim, label) > 0, label + " is of an impossible size");
    require(known_init(init),
            label + ": init is '" + init + "', expected zeros, ones or normal(STD)");
    *out = c.head->tensors->add(
        (*c.head->parameters)(name, std::vector<std::int64_t>(shape, shape + ndim), init));
  });
}

sojourn_status from_array(sojourn_ctx* context, const sojourn_array* array,
                          sojourn_tensor* out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    HeadServices& head = in_step(c, "from_array");
    require(array != nullptr && out != nullptr, "from_array needs numbers and a place");
    require(array->dtype == SOJOURN_I64 || array->dtype == SOJOURN_F32,
            "the array is of no known type");
    const std::int64_t numbers = numbers_of(array->shape, array->ndim, "the array");
    require(numbers == 0 || array->data != nullptr, "the array has no data");
    auto tensor = at::empty(at::IntArrayRef(array->shape, array->ndim),
                            array->dtype == SOJOURN_I64 ? at::kLong : at::kFloat);
    if (numbers > 0) std::memcpy(tensor.mutable_data_ptr(), array->data, tensor.nbytes());
    *out = head.tensors->add(tensor.to(head.device));
  });
}

sojourn_status to_array(sojourn_ctx* context, sojourn_tensor handle, sojourn_array* out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    HeadServices& head = in_step(c, "to_array");
    require(out != nullptr, "to_array needs a place");
    const at::Tensor& tensor = tensor_of(head, handle, "the argument");
    const auto type = tensor.is_floating_point() ? at::kFloat : at::kLong;
    const at::Tensor& array =
        head.arrays.emplace_back(tensor.detach().to(at::kCPU, type).contiguous());
    *out = {static_cast<std::uint32_t>(type == at::kFloat ? SOJOURN_F32 : SOJOURN_I64),
            static_cast<std::uint32_t>(array.dim()), array.sizes().data(), array.const_data_ptr()};
  });
}

sojourn_status autograd_apply(sojourn_ctx* context, const sojourn_autograd_fn* fn,
                              const sojourn_tensor* inputs, std::uint32_t n_inputs,
                              sojourn_tensor* outputs, std::uint32_t n_outputs) noexcept {
  // First of all, so that whatever is refused below, the function is destroyed.
  c10::intrusive_ptr<PluginFunction> function;
  if (fn != nullptr && fn->struct_size >= kFunctionSize)
    function = c10::make_intrusive<PluginFunction>(*fn);
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.head == nullptr || !c.head->may_apply)
      refuse_place(c, "autograd_apply", "head_forward and head_loss");
    require(function != nullptr, "autograd_apply needs a function of a known size");
    require((n_inputs == 0 || inputs != nullptr) && (n_outputs == 0 || outputs != nullptr),
            "autograd_apply needs inputs and places");
    constexpr std::uint32_t kMostTensors = 64;
    require(n_inputs <= kMostTensors && n_outputs <= kMostTensors,
            "autograd_apply takes at most 64 inputs and outputs");
    std::vector<at::Tensor> given;
    for (std::uint32_t i = 0; i < n_inputs; ++i)
      given.push_back(tensor_of(*c.head, inputs[i], "input " + std::to_string(i)));
    const auto made = PluginFunction::apply(function, c, given, n_outputs);
    for (std::size_t o = 0; o < made.size(); ++o) outputs[o] = c.head->tensors->add(made[o]);
  });
}

}  // namespace

const sojourn_tensor_api* tensor_interface() {
  static const sojourn_tensor_api table{sizeof(sojourn_tensor_api),
                                        &op_bind,
                                        &op_call,
                                        &param,
                                        &from_array,
                                        &to_array,
                                        &autograd_apply};
  return &table;
}

}  // namespace sojourn
