#include "core/model/checkpoint_reader.h"

#include <sstream>
#include <string_view>

#include "core/base/error.h"

namespace sojourn {

namespace {

constexpr std::string_view kMarker = "embeddings.word_embeddings.weight";

std::string shape_text(at::IntArrayRef shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

}  // namespace

CheckpointReader::CheckpointReader(const std::filesystem::path& directory, at::Device device)
    : checkpoint_(Checkpoint::open(directory)), directory_(directory), device_(device) {
  for (const auto& name : checkpoint_.names()) {
    if (name.ends_with(kMarker)) prefix_ = name.substr(0, name.size() - kMarker.size());
  }
}

at::Tensor CheckpointReader::checked(const std::string& name,
                                     const std::vector<std::int64_t>& shape) const {
  const std::string full = prefix_ + name;
  if (!checkpoint_.has(full)) {
    throw input_error(directory_.string(),
                      "no tensor '" + full + "' among the weights, which the encoder needs");
  }
  const auto tensor = checkpoint_.tensor(full);
  const std::string where = checkpoint_.file_of(full).string();
  if (tensor.sizes() != at::IntArrayRef(shape)) {
    throw input_error(where, "tensor '" + full + "' has shape " + shape_text(tensor.sizes()) +
                                 ", config.json asks for " + shape_text(shape));
  }
  if (!tensor.is_floating_point())
    throw input_error(where, "tensor '" + full + "' isn't of a floating-point type");
  return tensor;
}

at::Tensor CheckpointReader::copy(const std::string& name,
                                  const std::vector<std::int64_t>& shape) const {
  return checked(name, shape)
      .to(at::TensorOptions().device(device_).dtype(at::kFloat), /*non_blocking=*/false,
          /*copy=*/true);
}

at::Tensor CheckpointReader::view(const std::string& name,
                                  const std::vector<std::int64_t>& shape) const {
  return checked(name, shape).to(device_, at::kFloat);
}

}  // namespace sojourn
