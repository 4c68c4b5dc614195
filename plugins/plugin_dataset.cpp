#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "core/base/text.h"
#include "plugins/containment.h"
#include "plugins/plugin_task.h"

namespace sojourn {

namespace {

sojourn_array to_array(const ArrayView& view) {
  return {static_cast<std::uint32_t>(view.type == FieldType::kInt64 ? SOJOURN_I64 : SOJOURN_F32),
          static_cast<std::uint32_t>(view.shape.size()), view.shape.data(), view.data};
}

class PluginDecoder : public Decoder {
 public:
  PluginDecoder(const PluginTask& task, void* dataset, std::int64_t size)
      : task_(&task), size_(size) {
    sojourn_ctx context = task.call("decode_create");
    check_call(context,
               call_plugin(context, task.table().decode_create, &context, dataset, &decoder_));
  }
  PluginDecoder(const PluginDecoder&) = delete;
  PluginDecoder& operator=(const PluginDecoder&) = delete;
  ~PluginDecoder() override {
    sojourn_ctx context = task_->call("decode_destroy");
    call_plugin(context, task_->table().decode_destroy, decoder_);
  }

  void add(std::int64_t example, std::span<const NamedArray> arrays) override {
    std::vector<sojourn_named> named;
    for (const auto& array : arrays) named.push_back({to_abi(array.name), to_array(array.array)});
    sojourn_ctx context = task_->call("decode_add");
    check_call(context,
               call_plugin(context, task_->table().decode_add, &context, decoder_,
                           static_cast<std::uint64_t>(example), named.data(), named.size()));
    added_.insert(example);
  }

  std::string tune(const VectorSearch* search) override {
    std::string tuned;
    EvalServices services{search, nullptr, &tuned, {}};
    sojourn_ctx context = task_->call("decode_tune");
    context.eval = &services;
    check_call(context, call_plugin(context, task_->table().decode_tune, &context, decoder_));
    return tuned;
  }

  void finish(std::string_view tuned, const VectorSearch* search,
              const PredictionSink& sink) override {
    std::set<std::int64_t> predicted;
    const PredictionSink checked = [&](std::int64_t example, std::string_view text) {
      const std::string label = "prediction for example " + std::to_string(example);
      const bool known =
          added_.empty() ? example >= 0 && example < size_ : added_.contains(example);
      if (!known) throw Refusal(SOJOURN_INVALID, label + ", which isn't being decoded");
      if (!predicted.insert(example).second) throw Refusal(SOJOURN_INVALID, "a second " + label);
      sink(example, text);
    };
    EvalServices services{search, &checked, nullptr, {}};
    sojourn_ctx context = task_->call("decode_finish");
    context.eval = &services;
    check_call(context, call_plugin(context, task_->table().decode_finish, &context, decoder_,
                                    to_abi(tuned)));
    for (const std::int64_t example : added_) {
      if (!predicted.contains(example)) {
        throw plugin_error(context, "no prediction for example " + std::to_string(example));
      }
    }
  }

 private:
  const PluginTask* task_;
  std::int64_t size_;
  void* decoder_ = nullptr;
  std::set<std::int64_t> added_;
};

// Errors in data begin with their place: split there, so that the message stays as the plugin wrote
// it.
Error data_error(const std::string& message, const std::string& fallback) {
  const std::size_t colon = message.find(": ");
  if (colon == std::string::npos) return input_error(fallback, message);
  return input_error(message.substr(0, colon), message.substr(colon + 2));
}

// Throws what a callback that reads files has reported: errors in data as the user's own.
void check_reading(const sojourn_ctx& context, const DatasetRequest& request,
                   sojourn_status status) {
  const bool about_data = status == SOJOURN_INVALID || status == SOJOURN_NOT_FOUND;
  if (about_data && !context.plugin_error.empty() && !context.host_failure) {
    throw data_error(context.plugin_error,
                     request.files.empty() ? "" : request.files.begin()->second.string());
  }
  check_call(context, status);
}

class PluginDataset : public Dataset {
 public:
  PluginDataset(const PluginTask& task, const DatasetRequest& request)
      : task_(&task), tokenizer_(request.tokenizer), max_tokens_(request.max_tokens) {
    OpenServices services{&task.manifest(), &request, &files_, nullptr};
    sojourn_ctx context = task.call("dataset_open");
    context.open = &services;
    const auto& head = task.manifest().head;
    std::vector<sojourn_str> labels;
    for (const auto& label : head && !head->labels_from_train ? head->labels : request.labels)
      labels.push_back(to_abi(label));
    const sojourn_dataset_request abi{
        sizeof(abi),        to_abi(request.split), to_abi(request.language),
        request.max_tokens, labels.data(),         labels.size()};
    std::uint64_t size = 0;
    check_reading(context, request,
                  call_plugin(context, task.table().dataset_open, &context, task.library().self(),
                              &abi, &dataset_, &size));
    opened_ = true;
    const std::string first_file =
        request.files.empty() ? "" : request.files.begin()->second.string();
    // Within what a signed index can count.
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      close();
      throw plugin_error(context, "an impossible number of examples");
    }
    size_ = static_cast<std::int64_t>(size);
    if (size_ == 0) {
      close();
      throw input_error(first_file, "has no example");
    }
  }
  PluginDataset(const PluginDataset&) = delete;
  PluginDataset& operator=(const PluginDataset&) = delete;
  ~PluginDataset() override { close(); }

  std::int64_t size() const override { return size_; }

  ExampleInfo example(std::int64_t index) const override {
    sojourn_example found{};
    found.struct_size = sizeof(found);
    sojourn_ctx context = task_->call("example");
    check_call(context, call_plugin(context, task_->table().example, &context, dataset_,
                                    static_cast<std::uint64_t>(index), &found));
    ExampleInfo info{checked_string(context, found.id, "an example's id"),
                     checked_string(context, found.align, "an example's align"),
                     checked_string(context, found.cluster, "an example's cluster")};
    if (info.id.empty())
      throw plugin_error(context, "example " + std::to_string(index) + " has no id");
    if (info.align.empty()) info.align = info.id;
    if (info.cluster.empty()) info.cluster = info.id;
    return info;
  }

  void featurize(std::int64_t index, FeatureSink& sink) const override {
    FeatureServices services{tokenizer_, max_tokens_, &sink, task_->manifest().fields.size(), {}};
    sojourn_ctx context = task_->call("featurize");
    context.features = &services;
    if (tokenizer_ == nullptr)
      throw Error(ErrorKind::kInternal, "featurize", "the data set was opened without a tokenizer");
    check_call(context, call_plugin(context, task_->table().featurize, &context, dataset_,
                                    static_cast<std::uint64_t>(index)));
  }

  std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<PluginDecoder>(*task_, dataset_, size_);
  }

  std::optional<std::vector<double>> score(std::int64_t index,
                                           std::string_view prediction) const override {
    const auto& names = task_->manifest().statistics;
    std::vector<double> statistics(names.size(), std::numeric_limits<double>::quiet_NaN());
    sojourn_ctx context = task_->call("score");
    const auto status = call_plugin(context, task_->table().score, &context, dataset_,
                                    static_cast<std::uint64_t>(index), to_abi(prediction),
                                    statistics.data(), statistics.size());
    if (status == SOJOURN_NOT_FOUND) return std::nullopt;
    check_call(context, status);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!std::isfinite(statistics[i]))
        throw plugin_error(context, "statistic '" + names[i] + "' isn't a number");
    }
    return statistics;
  }

 private:
  void close() noexcept {
    if (opened_) {
      sojourn_ctx context = task_->call("dataset_close");
      call_plugin(context, task_->table().dataset_close, dataset_);
    }
    opened_ = false;
  }

  const PluginTask* task_;
  const Tokenizer* tokenizer_;
  std::int64_t max_tokens_;
  MappedFiles files_;
  void* dataset_ = nullptr;
  bool opened_ = false;
  std::int64_t size_ = 0;
};

}  // namespace

std::vector<std::string> read_plugin_labels(
    const PluginTask& task, const std::map<std::string, std::filesystem::path>& files) {
  const DatasetRequest request{"train", "", files, nullptr, 0, {}};
  MappedFiles mapped;
  std::vector<std::string> labels;
  OpenServices services{&task.manifest(), &request, &mapped, &labels};
  sojourn_ctx context = task.call("labels");
  context.open = &services;
  check_reading(context, request,
                call_plugin(context, task.table().labels, &context, task.library().self()));
  if (labels.empty()) throw plugin_error(context, "no label");
  return labels;
}

std::unique_ptr<Dataset> open_plugin_dataset(const PluginTask& task,
                                             const DatasetRequest& request) {
  return std::make_unique<PluginDataset>(task, request);
}

}  // namespace sojourn
