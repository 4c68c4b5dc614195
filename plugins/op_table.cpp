#include "plugins/op_table.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "core/base/text.h"
#include "plugins/batch_ops.h"
#include "plugins/context.h"
#include "plugins/head_ops.h"

namespace sojourn {

namespace {

using Values = std::span<const OpValue>;
using Type = OpArgument::Type;

// What heads and their losses are made of.
std::vector<OpSchema> head_op_schemas() {
  return {
      {"core1::linear",
       {{"input", Type::kTensor, {}},
        {"weight", Type::kTensor, {}},
        {"bias", Type::kTensor, OpValue()}},
       &head_ops::linear},
      {"core1::tanh", {{"input", Type::kTensor, {}}}, &head_ops::tanh},
      {"core1::gelu", {{"input", Type::kTensor, {}}}, &head_ops::gelu},
      {"core1::layer_norm",
       {{"input", Type::kTensor, {}},
        {"weight", Type::kTensor, {}},
        {"bias", Type::kTensor, {}},
        {"eps", Type::kFloat, OpValue(1e-5)}},
       &head_ops::layer_norm},
      {"core1::dropout",
       {{"input", Type::kTensor, {}}, {"p", Type::kFloat, OpValue(0.1)}},
       &head_ops::dropout},
      {"core1::select",
       {{"input", Type::kTensor, {}}, {"dim", Type::kInt, {}}, {"index", Type::kInt, {}}},
       &head_ops::select},
      {"core1::transpose",
       {{"input", Type::kTensor, {}}, {"dim0", Type::kInt, {}}, {"dim1", Type::kInt, {}}},
       &head_ops::transpose},
      {"core1::mask", {{"input", Type::kTensor, {}}, {"mask", Type::kTensor, {}}}, &head_ops::mask},
      {"core1::gather_rows",
       {{"input", Type::kTensor, {}},
        {"target", Type::kTensor, {}},
        {"ignore_index", Type::kInt, OpValue(std::int64_t{-100})}},
       &head_ops::gather_rows},
      {"core1::cross_entropy",
       {{"input", Type::kTensor, {}}, {"target", Type::kTensor, {}}},
       &head_ops::cross_entropy},
      {"core1::sigmoid", {{"input", Type::kTensor, {}}}, &head_ops::sigmoid},
      {"core1::log_softmax", {{"input", Type::kTensor, {}}}, &head_ops::log_softmax},
      {"core1::matmul",
       {{"input", Type::kTensor, {}}, {"other", Type::kTensor, {}}},
       &head_ops::matmul},
      {"core1::concat",
       {{"input", Type::kTensor, {}}, {"other", Type::kTensor, {}}, {"dim", Type::kInt, {}}},
       &head_ops::concat},
      {"core1::squared_error",
       {{"input", Type::kTensor, {}}, {"target", Type::kTensor, {}}},
       &head_ops::squared_error},
      {"core1::binary_cross_entropy",
       {{"input", Type::kTensor, {}}, {"target", Type::kTensor, {}}},
       &head_ops::binary_cross_entropy}};
}

// What compares the examples of a batch.
std::vector<OpSchema> batch_op_schemas() {
  return {{"core1::normalize", {{"input", Type::kTensor, {}}}, &batch_ops::normalize},
          {"core1::add",
           {{"input", Type::kTensor, {}}, {"other", Type::kTensorOrFloat, {}}},
           &batch_ops::add},
          {"core1::sub",
           {{"input", Type::kTensor, {}}, {"other", Type::kTensorOrFloat, {}}},
           &batch_ops::sub},
          {"core1::mul",
           {{"input", Type::kTensor, {}}, {"other", Type::kTensorOrFloat, {}}},
           &batch_ops::mul},
          {"core1::relu", {{"input", Type::kTensor, {}}}, &batch_ops::relu},
          {"core1::sum", {{"input", Type::kTensor, {}}}, &batch_ops::sum},
          {"core1::masked_fill",
           {{"input", Type::kTensor, {}}, {"mask", Type::kTensor, {}}, {"value", Type::kFloat, {}}},
           &batch_ops::masked_fill},
          {"core1::gather",
           {{"input", Type::kTensor, {}}, {"index", Type::kTensor, {}}},
           &batch_ops::gather},
          {"core1::arange", {{"input", Type::kTensor, {}}}, &batch_ops::arange},
          {"core1::any_equal",
           {{"input", Type::kTensor, {}}, {"other", Type::kTensor, {}}},
           &batch_ops::any_equal},
          {"core1::multinomial", {{"weights", Type::kTensor, {}}}, &batch_ops::multinomial}};
}

}  // namespace

const std::vector<OpSchema>& all_ops() {
  static const std::vector<OpSchema> table = [] {
    auto all = head_op_schemas();
    const auto more = batch_op_schemas();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return table;
}

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::size_t argument_place(const OpSchema& schema, const std::string& name) {
  std::vector<std::string> names;
  names.reserve(schema.arguments.size());
  for (const auto& argument : schema.arguments) names.push_back(argument.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Refusal(SOJOURN_NOT_FOUND,
                  schema.name + " has no argument '" + name + "'" + did_you_mean(name, names));
  }
  return static_cast<std::size_t>(found - names.begin());
}

OpValue checked(const OpSchema& schema, const OpArgument& argument, const OpValue& value) {
  const bool takes_tensor = argument.type == Type::kTensor || argument.type == Type::kTensorOrFloat;
  const bool takes_float = argument.type == Type::kFloat || argument.type == Type::kTensorOrFloat;
  if (takes_float && std::holds_alternative<std::int64_t>(value)) {
    return static_cast<double>(std::get<std::int64_t>(value));
  }
  const bool absent = std::holds_alternative<std::monostate>(value) && argument.default_value;
  const bool fits = (takes_tensor && std::holds_alternative<at::Tensor>(value)) ||
                    (argument.type == Type::kInt && std::holds_alternative<std::int64_t>(value)) ||
                    (takes_float && std::holds_alternative<double>(value));
  if (absent) return *argument.default_value;
  if (fits) return value;
  constexpr const char* kNames[] = {"a tensor", "an integer", "a number", "a tensor or a number"};
  throw Refusal(SOJOURN_INVALID, schema.name + ": argument '" + argument.name + "' must be " +
                                     kNames[static_cast<std::size_t>(argument.type)]);
}

}  // namespace

const at::Tensor& tensor_at(Values values, std::size_t i) {
  return std::get<at::Tensor>(values[i]);
}

std::string shape_text(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

const OpSchema* find_op(std::string_view name) {
  const auto& table = all_ops();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const OpSchema& op) { return op.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::string nearest_op(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& schema : all_ops()) names.push_back(schema.name);
  return did_you_mean(name, names);
}

BoundOp bind_op(std::string_view signature) {
  const std::size_t open = signature.find('(');
  if (open == std::string_view::npos || signature.back() != ')') {
    throw Refusal(SOJOURN_INVALID,
                  "'" + std::string(signature) + "' isn't a signature such as core1::tanh(input)");
  }
  const std::string_view name = signature.substr(0, open);
  const OpSchema* schema = find_op(name);
  if (schema == nullptr) {
    throw Refusal(SOJOURN_NOT_FOUND,
                  "this host has no operation '" + std::string(name) + "'" + nearest_op(name));
  }
  BoundOp op{schema, {}};
  std::vector<bool> given(schema->arguments.size(), false);
  for (const auto& argument : split(signature.substr(open + 1, signature.size() - open - 2), ',')) {
    const std::size_t place = argument_place(*schema, argument);
    if (given[place])
      throw Refusal(SOJOURN_INVALID, schema->name + ": argument '" + argument + "' comes twice");
    given[place] = true;
    op.given.push_back(place);
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!given[i] && !schema->arguments[i].default_value) {
      throw Refusal(SOJOURN_INVALID,
                    schema->name + ": argument '" + schema->arguments[i].name + "' is missing");
    }
  }
  return op;
}

at::Tensor call_op(const BoundOp& op, std::span<const OpValue> values, const OpContext& context) {
  const OpSchema& schema = *op.schema;
  if (values.size() != op.given.size()) {
    throw Refusal(SOJOURN_INVALID, schema.name + ": called with " + std::to_string(values.size()) +
                                       " arguments, bound with " + std::to_string(op.given.size()));
  }
  std::vector<OpValue> all;
  all.reserve(schema.arguments.size());
  for (const auto& argument : schema.arguments)
    all.push_back(argument.default_value.value_or(OpValue()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    all[op.given[i]] = checked(schema, schema.arguments[op.given[i]], values[i]);
  }
  try {
    return schema.function(all, context);
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw Refusal(SOJOURN_INVALID, schema.name + ": " + text.substr(0, text.find('\n')));
  } catch (const Refusal& refusal) {
    throw Refusal(refusal.status(), schema.name + ": " + refusal.what());
  } catch (const std::runtime_error& error) {  // LibTorch's, for a number that its type can't hold
    throw Refusal(SOJOURN_INVALID, schema.name + ": " + error.what());
  }
}

}  // namespace sojourn
