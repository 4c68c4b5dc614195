#include "core/model/saved_tensors.h"

#include <sstream>

#include <ATen/ops/tensor.h>

#include "core/base/error.h"
#include "core/base/json_object.h"

namespace sojourn {

namespace {

constexpr int kStateDepth = 2;

std::string described(at::ScalarType type, at::IntArrayRef shape) {
  std::ostringstream text;
  text << type << ' ' << shape;
  return text.str();
}

// [n], one row of numbers of this type.
at::Tensor read_row(const SafetensorsFile& file, const std::string& name, at::ScalarType type) {
  const at::Tensor row = file.tensor(name);
  if (row.dim() != 1 || row.scalar_type() != type) {
    throw input_error(file.path().string(),
                      "tensor '" + name + "': found " + described(row.scalar_type(), row.sizes()) +
                          ", expected one dimension of " + c10::toString(type));
  }
  return row;
}

}  // namespace

TensorSource saved(const std::string& name, const at::Tensor& value) {
  return {name, value.sizes().vec(), [value] { return value.detach().to(at::kCPU).contiguous(); },
          value.scalar_type()};
}

TensorSource saved(const std::string& name, const std::vector<std::int64_t>& numbers) {
  return saved(name, at::tensor(numbers, at::kLong));
}

TensorSource saved(const std::string& name, std::string_view bytes) {
  const at::ArrayRef values(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return saved(name, at::tensor(values, at::kByte));
}

at::Tensor read_like(const SafetensorsFile& file, const std::string& name, const at::Tensor& like) {
  at::Tensor tensor = file.tensor(name);
  if (tensor.sizes() != like.sizes() || tensor.scalar_type() != like.scalar_type()) {
    throw input_error(file.path().string(), "tensor '" + name + "': found " +
                                                described(tensor.scalar_type(), tensor.sizes()) +
                                                ", expected " +
                                                described(like.scalar_type(), like.sizes()));
  }
  return tensor;
}

std::vector<std::int64_t> read_numbers(const SafetensorsFile& file, const std::string& name) {
  const at::Tensor row = read_row(file, name, at::kLong);
  const auto* const data = row.const_data_ptr<std::int64_t>();
  return {data, data + row.numel()};
}

std::string read_bytes(const SafetensorsFile& file, const std::string& name) {
  const at::Tensor row = read_row(file, name, at::kByte);
  const auto* const data = row.const_data_ptr<std::uint8_t>();
  return {data, data + row.numel()};
}

nlohmann::json read_state(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) {
    throw input_error(file.path().string(), "found no metadata '" + key + "', expected some");
  }
  return parse_json_object(found->second, file.path().string(), kStateDepth);
}

}  // namespace sojourn
