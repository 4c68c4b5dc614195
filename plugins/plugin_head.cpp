#include <charconv>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/data/options.h"
#include "plugins/containment.h"
#include "plugins/plugin_task.h"

namespace sojourn {

namespace {

// They borrow the options' strings.
std::vector<sojourn_option> to_abi_options(const TaskOptions& options) {
  std::vector<sojourn_option> list;
  for (const auto& [name, value] : options) {
    sojourn_option option{to_abi(name), 0, {nullptr, 0}};
    if (const auto* word = std::get_if<std::string>(&value)) {
      option.text = to_abi(*word);
    } else {
      option.number = std::get<double>(value);
    }
    list.push_back(option);
  }
  return list;
}

class PluginHead : public Head {
 public:
  PluginHead(const PluginTask& task, const HeadSizes& sizes, const ParameterFactory& parameters)
      : task_(&task), labels_(sizes.labels) {
    const auto options =
        complete_options(task.manifest(), sizes.options, "task '" + task.manifest().name + "'");
    std::set<std::string, std::less<>> names;
    const ParameterFactory once = [&](std::string_view name, const std::vector<std::int64_t>& shape,
                                      std::string_view init) {
      if (!names.emplace(name).second) {
        throw Refusal(SOJOURN_INVALID, "parameter '" + std::string(name) + "' a second time");
      }
      return parameters(name, shape, init);
    };
    HeadServices services{&tensors_, ops_, &task.manifest().ops, &once};
    sojourn_ctx context = task.call("head_create");
    context.head = &services;
    const auto abi_options = to_abi_options(options);
    const sojourn_head_request request{
        sizeof(request),  sizes.hidden,       static_cast<std::uint64_t>(sizes.labels),
        sizes.vocabulary, abi_options.data(), abi_options.size()};
    check_call(context, call_plugin(context, task.table().head_create, &context,
                                    task.library().self(), &request, &head_));
    parameters_ = tensors_.size();
  }
  PluginHead(const PluginHead&) = delete;
  PluginHead& operator=(const PluginHead&) = delete;
  ~PluginHead() override {
    sojourn_ctx context = task_->call("head_destroy");
    call_plugin(context, task_->table().head_destroy, head_);
  }

  std::vector<at::Tensor> forward(const HeadBatch& batch) override {
    const auto& specs = task_->manifest().outputs;
    std::vector<at::Tensor> outputs;
    step("head_forward", "head", batch, [&](sojourn_ctx& context, const sojourn_batch& abi) {
      std::vector<sojourn_tensor> handles(specs.size(), 0);
      check_call(context, call_plugin(context, task_->table().head_forward, &context, head_, &abi,
                                      handles.data()));
      for (std::size_t o = 0; o < specs.size(); ++o) {
        outputs.push_back(result(context, handles[o], "output '" + specs[o].name + "'"));
        check_shape(context, specs[o], outputs.back(), batch);
      }
    });
    return outputs;
  }

  at::Tensor loss(const HeadBatch& batch, std::span<const at::Tensor> outputs) override {
    at::Tensor loss;
    step("head_loss", "loss", batch, [&](sojourn_ctx& context, const sojourn_batch& abi) {
      std::vector<sojourn_tensor> handles;
      for (const auto& output : outputs) handles.push_back(tensors_.add(output));
      sojourn_tensor handle = 0;
      check_call(context, call_plugin(context, task_->table().head_loss, &context, head_, &abi,
                                      handles.data(), &handle));
      loss = result(context, handle, "the loss");
      if (loss.dim() != 0)
        throw plugin_error(context,
                           "the loss has shape " + shape_text(loss) + ", expected a scalar");
      if (batch.training && !loss.requires_grad()) {
        throw plugin_error(context, "the loss depends on no parameter");
      }
    });
    return loss;
  }

 private:
  // Runs a callback of a step, at whose end all its tensors but the parameters die. The n-th
  // operation that draws in a forward pass does so from the stream "head/<task>/<n>", in a loss
  // from "loss/<task>/<n>".
  template <typename Body>
  void step(const char* callback, const char* stream, const HeadBatch& batch, const Body& body) {
    // NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): it never leaves this scope
    struct Cut {
      HandleTable<at::Tensor>& tensors;
      std::size_t keep;
      ~Cut() { tensors.cut(keep); }
    } const cut{tensors_, parameters_};
    std::int64_t uses = 0;  // of operations that draw, in this callback
    OpContext random{batch.training, [&] {
                       const std::string name = std::string(stream) + "/" + task_->manifest().name;
                       return DropoutKey{batch.key, name + "/" + std::to_string(uses++),
                                         batch.first_row};
                     }};
    HeadServices services{&tensors_, ops_};
    services.step = std::move(random);
    services.may_apply = true;
    if (!batch.inputs.empty()) services.device = batch.inputs[0].device();
    sojourn_ctx context = task_->call(callback);
    context.head = &services;
    std::vector<sojourn_tensor> inputs;
    for (const auto& input : batch.inputs) inputs.push_back(tensors_.add(input));
    const sojourn_batch abi{sizeof(abi), inputs.size(), static_cast<std::uint64_t>(batch.size),
                            inputs.data()};
    body(context, abi);
  }

  at::Tensor result(const sojourn_ctx& context, sojourn_tensor handle,
                    const std::string& what) const {
    const at::Tensor* tensor = tensors_.find(handle);
    if (tensor == nullptr) throw plugin_error(context, what + " is no tensor of this call");
    return *tensor;
  }

  // The padded length of the batch's pieces, or -1 where no input shows it.
  std::int64_t padded_length(const HeadBatch& batch) const {
    const auto& specs = task_->manifest().inputs;
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (specs[i].kind == InputSpec::Kind::kHidden) return batch.inputs[i].size(-2);
      if (specs[i].kind == InputSpec::Kind::kAttentionMask) return batch.inputs[i].size(-1);
    }
    return -1;
  }

  // T must be the batch's, L the number of labels, sizes the manifest's; C may be anything.
  void check_shape(const sojourn_ctx& context, const OutputSpec& spec, const at::Tensor& output,
                   const HeadBatch& batch) const {
    bool fits = output.dim() == static_cast<std::int64_t>(spec.dims.size()) + 1 &&
                output.size(0) == batch.size;
    std::string expected = "[" + std::to_string(batch.size);
    for (std::size_t d = 0; d < spec.dims.size(); ++d) {
      std::int64_t size = spec.dims[d] == "T"   ? padded_length(batch)
                          : spec.dims[d] == "L" ? labels_
                                                : -1;
      std::from_chars(spec.dims[d].data(), spec.dims[d].data() + spec.dims[d].size(), size);
      expected += ", " + (size < 0 ? spec.dims[d] : std::to_string(size));
      fits = fits && (size < 0 || output.size(static_cast<std::int64_t>(d) + 1) == size);
    }
    if (!fits) {
      throw plugin_error(context, "output '" + spec.name + "' has shape " + shape_text(output) +
                                      ", expected " + expected + "]");
    }
  }

  const PluginTask* task_;
  std::int64_t labels_;
  HandleTable<at::Tensor> tensors_;  // the parameters first, then those of the running callback
  std::shared_ptr<HandleTable<BoundOp>> ops_ = std::make_shared<HandleTable<BoundOp>>();
  std::size_t parameters_ = 0;
  void* head_ = nullptr;
};

}  // namespace

std::unique_ptr<Head> create_plugin_head(const PluginTask& task, const HeadSizes& sizes,
                                         const ParameterFactory& parameters) {
  if (!task.manifest().head) {
    throw Error(ErrorKind::kInternal, "task '" + task.manifest().name + "'",
                "has no head to create");
  }
  return std::make_unique<PluginHead>(task, sizes, parameters);
}

}  // namespace sojourn
