// Heads: layers on top of the encoder, built from the host's named operations.
#pragma once

#include <sojourn/host.h>
#include <sojourn/task_abi.h>

#include <cstdint>
#include <initializer_list>
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

// A step of training or evaluation.
class StepCall : public Call {
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
