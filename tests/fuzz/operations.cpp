// Binding operations, and calling them with any values.
#include <cstring>
#include <limits>
#include <stdexcept>

#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>

#include "core/base/text.h"
#include "plugins/context.h"
#include "plugins/op_table.h"
#include "tests/fuzz/fuzz.h"

namespace sojourn::fuzz {

namespace {

void check_message(const Refusal& refusal) {
  const std::string_view text = refusal.what();
  if (text.empty() || text.find('\n') != std::string_view::npos)
    throw std::runtime_error("not one sentence: " + std::string(text));
}

void binding(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return;  // it comes as a C string
  if (bytes.empty()) return;
  try {
    const BoundOp op = bind_op(bytes);
    if (op.given.size() > op.schema->arguments.size())
      throw std::runtime_error("more arguments than there are");
  } catch (const Refusal& refusal) {
    if (bytes.find('\n') == std::string_view::npos) check_message(refusal);
  }
}

// Numbers from bytes; zeros where they have ended.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  unsigned next() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  double number() {
    constexpr double kSpecial[] = {0.0,
                                   -1.0,
                                   1.5,
                                   -100.0,
                                   1e30,
                                   -1e-30,
                                   std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN()};
    const unsigned choice = next();
    return choice < std::size(kSpecial) ? kSpecial[choice] : (choice - 128.0) / 16;
  }
  std::int64_t integer() {
    constexpr std::int64_t kSpecial[] = {0,
                                         1,
                                         -1,
                                         -100,
                                         std::numeric_limits<std::int64_t>::max(),
                                         std::numeric_limits<std::int64_t>::min()};
    const unsigned choice = next();
    return choice < std::size(kSpecial) ? kSpecial[choice]
                                        : static_cast<std::int64_t>(choice) - 128;
  }
  at::Tensor tensor() {
    constexpr unsigned kMostDimensions = 5;
    constexpr unsigned kMostEntries = 5;  // of a dimension
    std::vector<std::int64_t> shape(next() % (kMostDimensions + 1));
    for (auto& size : shape) size = next() % (kMostEntries + 1);
    const bool whole = next() % 2 == 0;
    const auto value = at::empty(shape, whole ? at::kLong : at::kFloat);
    for (std::int64_t i = 0; i < value.numel(); ++i) {
      if (whole) {
        value.mutable_data_ptr<std::int64_t>()[i] = integer();
      } else {
        value.mutable_data_ptr<float>()[i] = static_cast<float>(number());
      }
    }
    return whole ? value : value.requires_grad_();
  }
  OpValue value() {
    switch (next() % 8) {
      case 0:
        return {};
      case 1:
        return integer();
      case 2:
        return number();
      default:
        return tensor();
    }
  }

 private:
  std::string_view bytes_;
};

void values(std::string_view text) {
  Bytes bytes(text);
  const auto& ops = all_ops();
  const OpSchema& schema = ops[bytes.next() % ops.size()];
  BoundOp op{&schema, {}};
  std::vector<OpValue> arguments;
  for (std::size_t i = 0; i < schema.arguments.size(); ++i) {
    if (schema.arguments[i].default_value && bytes.next() % 2 == 0) continue;
    op.given.push_back(i);
    arguments.push_back(bytes.value());
  }
  if (bytes.next() % 16 == 0) arguments.push_back(bytes.value());
  const OpContext context{bytes.next() % 2 == 0, [] { return DropoutKey{{1, 0, 0}, "fuzz", 0}; }};
  try {
    const at::Tensor result = call_op(op, arguments, context);
    if (result.requires_grad() && result.numel() > 0) at::sum(result).backward();
  } catch (const Refusal& refusal) {
    check_message(refusal);
  }
}

}  // namespace

std::vector<Target> operation_targets() {
  std::vector<std::string> signatures;
  std::vector<std::string> words{"(", ")", ",", "core1::", ":", " ", "()", ",,"};
  std::vector<std::string> numbers;
  for (const auto& op : all_ops()) {
    std::vector<std::string> names;
    for (const auto& argument : op.arguments) names.push_back(argument.name);
    signatures.push_back(op.name + "(" + join(names, ",") + ")");
    words.push_back(op.name);
    words.insert(words.end(), names.begin(), names.end());
    // The operation, then for each argument whether it is given, a tensor of 2 x 3 numbers, ..
    std::string call{static_cast<char>(numbers.size())};
    for (std::size_t i = 0; i < op.arguments.size(); ++i)
      call += std::string("\1\7\2\2\3\1\2\2\2\2\2\2", 12);
    numbers.push_back(call);
  }
  return {{"op_binding", &binding, signatures, words},
          {"op_values", &values, numbers, {std::string(1, '\0'), "\1", "\3", "\7", "\xFF"}}};
}

}  // namespace sojourn::fuzz
