#include "core/train/task_head.h"

#include <charconv>

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.h"
#include "core/data/options.h"

namespace sojourn {

namespace {

at::Tensor initial_value(const std::string& stream, const std::vector<std::int64_t>& shape,
                         std::string_view init, const RandomKey& key) {
  if (init == "zeros") return at::zeros(shape, at::kFloat);
  if (init == "ones") return at::ones(shape, at::kFloat);
  double deviation = 0;
  const auto number =
      init.substr(0, init.size() - 1).substr(std::min<std::size_t>(init.size() - 1, 7));
  const bool normal = init.starts_with("normal(") && init.ends_with(')');
  if (!normal ||
      std::from_chars(number.data(), number.data() + number.size(), deviation).ec != std::errc()) {
    throw Error(ErrorKind::kPlugin, stream,
                "init is '" + std::string(init) + "', not zeros, ones or normal(STD)");
  }
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return at::tensor(random_normal(key, stream, count), at::kFloat).mul_(deviation).view(shape);
}

}  // namespace

TaskHead make_head(Task& task, const std::string& name, const HeadSizes& sizes, at::Device device,
                   const RandomKey& key) {
  const Manifest& manifest = task.manifest();
  const auto options = complete_options(manifest, sizes.options, "task '" + manifest.name + "'");
  TaskHead made{name, nullptr, {}, resolve_inputs(manifest, options)};
  made.head = task.create_head(
      sizes,
      [&](std::string_view own, const std::vector<std::int64_t>& shape, std::string_view init) {
        const std::string parameter(own);
        auto value = initial_value("init/" + name + "/" + parameter, shape, init, key)
                         .to(device)
                         .requires_grad_();
        made.parameters.push_back({"head." + name + "." + parameter, value, shape.size() > 1});
        return value;
      });
  return made;
}

}  // namespace sojourn
