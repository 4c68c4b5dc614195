#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "plugins/host_api.h"

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

OpValue to_value(const HeadServices& head, const sojourn_value& value, std::size_t place) {
  switch (value.type) {
    case SOJOURN_V_NONE:
      return {};
    case SOJOURN_V_INT:
      return value.u.i;
    case SOJOURN_V_FLOAT:
      return value.u.f;
    case SOJOURN_V_TENSOR: {
      const at::Tensor* tensor = head.tensors->find(value.u.t);
      require(tensor != nullptr,
              "argument " + std::to_string(place) + " is no tensor of this call");
      return *tensor;
    }
    default:
      throw Refusal(SOJOURN_INVALID, "argument " + std::to_string(place) + " is of no known type");
  }
}

sojourn_status op_call(sojourn_ctx* context, sojourn_op handle, const sojourn_value* arguments,
                       std::uint32_t n, sojourn_tensor* out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.head == nullptr || !c.head->step)
      refuse_place(c, "op_call", "head_forward and head_loss");
    HeadServices& head = *c.head;
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
    constexpr std::uint32_t kMostDimensions = 8;
    constexpr std::int64_t kMostNumbers = 4'294'967'296;  // 16 GB
    if (c.head == nullptr || c.head->parameters == nullptr) refuse_place(c, "param", "head_create");
    require(name != nullptr && *name != '\0' && init != nullptr && out != nullptr,
            "param needs a name and an init");
    const std::string label = std::string("parameter '") + name + "'";
    require(shape != nullptr && ndim >= 1 && ndim <= kMostDimensions, label + " has no shape");
    std::int64_t numbers = 1;
    for (std::uint32_t d = 0; d < ndim; ++d) {
      require(shape[d] >= 1 && shape[d] <= kMostNumbers / numbers,
              label + " is of an impossible size");
      numbers *= shape[d];
    }
    require(known_init(init),
            label + ": init is '" + init + "', expected zeros, ones or normal(STD)");
    *out = c.head->tensors->add(
        (*c.head->parameters)(name, std::vector<std::int64_t>(shape, shape + ndim), init));
  });
}

}  // namespace

const sojourn_tensor_api* tensor_interface() {
  static const sojourn_tensor_api table{sizeof(sojourn_tensor_api), &op_bind, &op_call, &param};
  return &table;
}

}  // namespace sojourn
