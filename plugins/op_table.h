// The named operations that plugins build heads and losses from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/dropout.h"

namespace sojourn {

using OpValue = std::variant<std::monostate, std::int64_t, double, at::Tensor>;

// What an operation may depend on besides its arguments.
struct OpContext {
  bool training = false;
  std::function<DropoutKey()> next_random;  // of what draws: a new stream for each use
};

struct OpArgument {
  enum class Type { kTensor, kInt, kFloat, kTensorOrFloat };
  std::string name;
  Type type;
  std::optional<OpValue> default_value;  // none: must be given
};

// Schemas are frozen once released: an operation may gain arguments with defaults, nothing else.
struct OpSchema {
  std::string name;
  std::vector<OpArgument> arguments;
  at::Tensor (*function)(std::span<const OpValue> arguments, const OpContext& context);
};

// An operation with the arguments that a plugin passes, in its order.
struct BoundOp {
  const OpSchema* schema;
  std::vector<std::size_t> given;  // places in schema->arguments
};

// For operations and messages about them.
const at::Tensor& tensor_at(std::span<const OpValue> values, std::size_t i);
std::string shape_text(const at::Tensor& tensor);

const std::vector<OpSchema>& all_ops();
// Null where there is no such operation.
const OpSchema* find_op(std::string_view name);
// " (did you mean 'core1::linear'?)", or "".
std::string nearest_op(std::string_view name);

// From "core1::linear(input,weight,bias)". Throws Refusal (context.h): not found for an unknown
// operation or argument, invalid for a signature that isn't one, an argument twice, or one missing
// that has no default.
BoundOp bind_op(std::string_view signature);

// Throws Refusal for a wrong number or type of arguments, or shapes that do not go together.
at::Tensor call_op(const BoundOp& op, std::span<const OpValue> values, const OpContext& context);

}  // namespace sojourn
