// Heads: layers on top of the encoder, built from the host's named operations.
#pragma once

#include <sojourn/host.h>
#include <sojourn/task_abi.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// A tensor of the host. It lives until the callback returns; a parameter as long as its head.
struct Tensor {
  sojourn_tensor handle = 0;
};

// An operation, bound to the names of its arguments.
struct Op {
  sojourn_op handle = 0;
};

// An argument of an operation.
class Value {
 public:
  Value(Tensor tensor) noexcept {  // NOLINT(google-explicit-constructor): arguments read as in a
                                   // formula
    value_.type = SOJOURN_V_TENSOR;
    value_.u.t = tensor.handle;
  }
  Value(double number) noexcept {  // NOLINT(google-explicit-constructor)
    value_.type = SOJOURN_V_FLOAT;
    value_.u.f = number;
  }
  Value(std::int64_t number) noexcept {  // NOLINT(google-explicit-constructor)
    value_.type = SOJOURN_V_INT;
    value_.u.i = number;
  }
  Value(int number) noexcept
      : Value(std::int64_t{number}) {}  // NOLINT(google-explicit-constructor)

  const sojourn_value& raw() const noexcept { return value_; }

 private:
  sojourn_value value_{};
};

// The numbers of a tensor on the CPU, without history; valid until the callback returns.
template <class Number>
struct Numbers {
  std::vector<std::int64_t> shape;
  const Number* data;
};

// A callback that computes.
class OpCall : public Call {
 public:
  using Call::Call;

  Tensor operator()(Op op, std::initializer_list<Value> arguments) const {
    std::vector<sojourn_value> raw;
    raw.reserve(arguments.size());
    for (const Value& value : arguments) raw.push_back(value.raw());
    Tensor result;
    check(host().tensor->op_call(context(), op.handle, raw.data(),
                                 static_cast<std::uint32_t>(raw.size()), &result.handle));
    return result;
  }

  Numbers<float> floats(Tensor tensor) const { return numbers<float>(tensor, SOJOURN_F32); }
  Numbers<std::int64_t> integers(Tensor tensor) const {
    return numbers<std::int64_t>(tensor, SOJOURN_I64);
  }

  // A copy of the numbers, as many as the shape holds, on the step's device; without history.
  Tensor tensor(const std::vector<float>& numbers, const std::vector<std::int64_t>& shape) const {
    return tensor(SOJOURN_F32, numbers.data(), numbers.size(), shape);
  }
  Tensor tensor(const std::vector<std::int64_t>& numbers,
                const std::vector<std::int64_t>& shape) const {
    return tensor(SOJOURN_I64, numbers.data(), numbers.size(), shape);
  }

 private:
  template <class Number>
  Numbers<Number> numbers(Tensor tensor, std::uint32_t type) const {
    sojourn_array array{};
    check(host().tensor->to_array(context(), tensor.handle, &array));
    if (array.dtype != type) throw Failure(SOJOURN_INTERNAL, "a tensor is of another type");
    return {{array.shape, array.shape + array.ndim}, static_cast<const Number*>(array.data)};
  }
  Tensor tensor(std::uint32_t type, const void* data, std::size_t size,
                const std::vector<std::int64_t>& shape) const {
    std::size_t n = 1;
    for (const std::int64_t length : shape) n *= static_cast<std::size_t>(length);
    if (n != size) throw Failure(SOJOURN_INTERNAL, "a shape doesn't fit its numbers");
    const sojourn_array array{type, static_cast<std::uint32_t>(shape.size()), shape.data(), data};
    Tensor made;
    check(host().tensor->from_array(context(), &array, &made.handle));
    return made;
  }
};

// A function with a gradient of its own, for what no chain of operations does. One object serves
// one application, so that backward finds what forward has left in it.
class Function {
 public:
  Function() = default;
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;
  virtual ~Function() = default;

  // The outputs.
  virtual std::vector<Tensor> forward(const OpCall& call, const std::vector<Tensor>& inputs) = 0;
  // The loss's gradient by each input, from that by each output; Tensor{} where there is none.
  virtual std::vector<Tensor> backward(const OpCall& call, const std::vector<Tensor>& inputs,
                                       const std::vector<Tensor>& output_gradients) = 0;
};

inline std::vector<Tensor> tensors_of(const sojourn_tensor* handles, std::uint64_t n) {
  std::vector<Tensor> list;
  list.reserve(static_cast<std::size_t>(n));
  for (std::uint64_t i = 0; i < n; ++i) list.push_back(Tensor{handles[i]});
  return list;
}

// Writes to the host's places, of which there are n.
inline void hand_out(const std::vector<Tensor>& made, sojourn_tensor* places, std::size_t n) {
  if (made.size() != n)
    throw Failure(SOJOURN_INTERNAL, "another number of tensors than was to be given");
  for (std::size_t i = 0; i < made.size(); ++i) places[i] = made[i].handle;
}

// A step of training or evaluation.
class StepCall : public OpCall {
 public:
  using OpCall::OpCall;

  // The function's outputs, of which there are n.
  std::vector<Tensor> apply(std::unique_ptr<Function> function, const std::vector<Tensor>& inputs,
                            std::size_t n) const {
    sojourn_autograd_fn fn{};
    fn.struct_size = sizeof(fn);
    fn.self = function.release();
    fn.forward = &forward;
    fn.backward = &backward;
    fn.destroy = &destroy;
    std::vector<sojourn_tensor> given;
    for (const Tensor input : inputs) given.push_back(input.handle);
    std::vector<sojourn_tensor> made(n);
    check(host().tensor->autograd_apply(context(), &fn, given.data(),
                                        static_cast<std::uint32_t>(given.size()), made.data(),
                                        static_cast<std::uint32_t>(made.size())));
    return tensors_of(made.data(), made.size());
  }

 private:
  static sojourn_status forward(sojourn_ctx* context, void* self, const sojourn_tensor* inputs,
                                std::uint32_t n_inputs, sojourn_tensor* outputs,
                                std::uint32_t n_outputs) noexcept {
    return guarded(context, [&] {
      auto& function = *static_cast<Function*>(self);
      hand_out(function.forward(OpCall(context), tensors_of(inputs, n_inputs)), outputs, n_outputs);
    });
  }
  static sojourn_status backward(sojourn_ctx* context, void* self, const sojourn_tensor* inputs,
                                 std::uint32_t n_inputs, const sojourn_tensor* output_gradients,
                                 std::uint32_t n_outputs,
                                 sojourn_tensor* input_gradients) noexcept {
    return guarded(context, [&] {
      auto& function = *static_cast<Function*>(self);
      hand_out(function.backward(OpCall(context), tensors_of(inputs, n_inputs),
                                 tensors_of(output_gradients, n_outputs)),
               input_gradients, n_inputs);
    });
  }
  static void destroy(void* self) noexcept { delete static_cast<Function*>(self); }
};

// Making a head.
class HeadCall : public Call {
 public:
  HeadCall(sojourn_ctx* context, const sojourn_head_request& request) noexcept
      : Call(context), request_(&request) {}

  std::int64_t hidden_size() const noexcept { return request_->hidden_size; }
  std::int64_t labels() const noexcept { return static_cast<std::int64_t>(request_->n_labels); }
  std::int64_t vocab_size() const noexcept { return request_->vocab_size; }

  // The value of an option of the manifest that is a number, or a word.
  double option_number(std::string_view name) const { return option(name).number; }
  std::string_view option_text(std::string_view name) const { return view(option(name).text); }

  // signature: "core1::linear(input,weight,bias)"
  Op bind(const char* signature) const {
    Op op;
    check(host().tensor->op_bind(context(), signature, &op.handle));
    return op;
  }

  // A trained parameter. init: "zeros", "ones" or "normal(STD)".
  Tensor parameter(const char* name, std::initializer_list<std::int64_t> shape,
                   const char* init) const {
    Tensor parameter;
    check(host().tensor->param(context(), name, shape.begin(),
                               static_cast<std::uint32_t>(shape.size()), init, &parameter.handle));
    return parameter;
  }

 private:
  const sojourn_option& option(std::string_view name) const {
    for (std::uint64_t i = 0; i < request_->n_options; ++i) {
      if (view(request_->options[i].name) == name) return request_->options[i];
    }
    throw Failure(SOJOURN_INTERNAL, "the manifest has no option '" + std::string(name) + "'");
  }

  const sojourn_head_request* request_;
};

// The batch's tensors in the order of the manifest's inputs.
using Inputs = std::vector<Tensor>;

class Head {
 public:
  Head() = default;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;
  virtual ~Head() = default;

  // One tensor for each of the manifest's outputs.
  virtual std::vector<Tensor> forward(const StepCall& call, const Inputs& inputs) = 0;
  // A scalar: the sum over the batch's items.
  virtual Tensor loss(const StepCall& call, const Inputs& inputs,
                      const std::vector<Tensor>& outputs) = 0;
};

// Dropout and a linear layer, of which the heads here are made.
class LinearLayer {
 public:
  // weight [outputs, inputs] and bias [outputs]: the names of its parameters.
  LinearLayer(const HeadCall& call, const char* weight, const char* bias, std::int64_t outputs,
              std::int64_t inputs)
      : dropout_(call.bind("core1::dropout(input,p)")),
        linear_(call.bind("core1::linear(input,weight,bias)")),
        weight_(call.parameter(weight, {outputs, inputs}, "normal(0.02)")),
        bias_(call.parameter(bias, {outputs}, "zeros")) {}

  // x [..., inputs] -> [..., outputs]
  Tensor operator()(const StepCall& call, Tensor x) const {
    return call(linear_, {call(dropout_, {x, kDropout}), weight_, bias_});
  }

 private:
  static constexpr double kDropout = 0.1;
  Op dropout_;
  Op linear_;
  Tensor weight_;
  Tensor bias_;
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
