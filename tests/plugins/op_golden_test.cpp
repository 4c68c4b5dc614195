// The operations of the core1 set against what PyTorch gave for them, gradients too:
// tests/golden/make_ops_golden.py.
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include "core/base/file.h"
#include "plugins/op_table.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

std::vector<float> floats_of(const nlohmann::json& numbers) {
  std::vector<float> list;
  for (const auto& number : numbers) {
    const float none = -std::numeric_limits<float>::infinity();
    list.push_back(number.is_string() ? none : number.get<float>());
  }
  return list;
}

at::Tensor tensor_of(const nlohmann::json& packed) {
  const auto shape = packed.at("shape").get<std::vector<std::int64_t>>();
  if (packed.at("type") == "int64")
    return at::tensor(packed.at("data").get<std::vector<std::int64_t>>(), at::kLong).view(shape);
  return at::tensor(floats_of(packed.at("data")), at::kFloat).view(shape);
}

OpValue value_of(const nlohmann::json& argument) {
  if (argument.is_object())
    return tensor_of(argument).requires_grad_(argument.contains("gradient"));
  if (argument.is_number_integer()) return argument.get<std::int64_t>();
  return argument.get<double>();
}

// Sums in another order than PyTorch's own functions may differ in the last bits.
void check_close(const at::Tensor& found, const at::Tensor& expected) {
  CHECK(found.scalar_type() == expected.scalar_type());
  CHECK(found.sizes() == expected.sizes());
  if (found.sizes() == expected.sizes()) CHECK(at::allclose(found, expected, 1e-5, 1e-6));
}

TEST_CASE("Operations and their gradients are PyTorch's", "[plugins][ops]") {
  for (const auto& line : read_golden("ops")) {
    std::string signature;
    std::vector<OpValue> values;
    for (const auto& [name, argument] : line.at("arguments").items()) {
      signature += (signature.empty() ? "" : ",") + name;
      values.push_back(value_of(argument));
    }
    signature = line.at("op").get<std::string>() + "(" + signature + ")";
    CAPTURE(signature);
    const at::Tensor output = call_op(bind_op(signature), values, {});
    check_close(output.detach(), tensor_of(line.at("output")));
    CHECK(output.requires_grad() == line.contains("output_gradient"));
    if (!output.requires_grad()) continue;
    output.backward(tensor_of(line.at("output_gradient")));
    std::size_t i = 0;
    for (const auto& argument : line.at("arguments")) {
      const OpValue& value = values[i++];
      if (!argument.is_object() || !argument.contains("gradient")) continue;
      const auto& tensor = std::get<at::Tensor>(value);
      REQUIRE(tensor.grad().defined());
      check_close(tensor.grad(),
                  at::tensor(floats_of(argument.at("gradient")), at::kFloat).view(tensor.sizes()));
    }
  }
}

TEST_CASE("Each operation that draws nothing has a golden case", "[plugins][ops]") {
  std::set<std::string> tested;
  for (const auto& line : read_golden("ops")) tested.insert(line.at("op").get<std::string>());
  for (const OpSchema& op : all_ops()) {
    CAPTURE(op.name);
    const bool draws = op.name == "core1::dropout" || op.name == "core1::multinomial";
    CHECK(tested.contains(op.name) != draws);
  }
}

// "core1::linear(input, weight, bias = none)"
std::string written(const OpSchema& op) {
  std::string text = op.name + "(";
  for (const auto& argument : op.arguments) {
    if (&argument != &op.arguments.front()) text += ", ";
    text += argument.name;
    if (!argument.default_value) continue;
    const auto* whole = std::get_if<std::int64_t>(&*argument.default_value);
    const auto* number = std::get_if<double>(&*argument.default_value);
    text += " = " + (whole != nullptr    ? std::to_string(*whole)
                     : number == nullptr ? "none"
                     : *number == 1e-5   ? "1e-5"
                                         : nlohmann::json(*number).dump());
  }
  return text + ")";
}

TEST_CASE("docs/abi.md has each operation with its arguments", "[plugins][ops]") {
  const std::string page = read_file(std::string(SOJOURN_SOURCE_DIR) + "/docs/abi.md");
  for (const OpSchema& op : all_ops()) {
    CAPTURE(op.name);
    CHECK_THAT(page, Catch::Contains("`" + written(op) + "`"));
  }
}

}  // namespace
}  // namespace sojourn
