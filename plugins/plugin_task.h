// The host's Task, Dataset, Decoder and Head on top of a plugin's callbacks. A task outlives what
// it makes.
#pragma once

#include <sojourn/task_abi.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/data/task.h"
#include "plugins/context.h"
#include "plugins/library.h"

namespace sojourn {

class PluginTask : public Task {
 public:
  // Task `index` of the library. Throws Error(kInput) for a manifest that isn't one, callbacks that
  // don't fit it, and an operation that this host doesn't have.
  PluginTask(std::shared_ptr<const PluginLibrary> library, std::size_t index);

  const Manifest& manifest() const override { return manifest_; }
  const std::string& version() const override { return library_->version(); }
  const std::filesystem::path& plugin_file() const override { return library_->file(); }
  bool parallel_featurize() const override;
  bool tunes() const override { return table_->decode_tune != nullptr; }
  std::vector<std::string> read_labels(
      const std::map<std::string, std::filesystem::path>& files) override;
  std::unique_ptr<Dataset> open(const DatasetRequest& request) override;
  std::unique_ptr<Head> create_head(const HeadSizes& sizes,
                                    const ParameterFactory& parameters) override;

  const sojourn_task& table() const noexcept { return *table_; }
  const PluginLibrary& library() const noexcept { return *library_; }
  sojourn_ctx call(const char* callback) const { return {library_->label(), callback}; }

 private:
  std::shared_ptr<const PluginLibrary> library_;
  const sojourn_task* table_;
  Manifest manifest_;
};

// plugin_dataset.cpp and plugin_head.cpp
std::unique_ptr<Dataset> open_plugin_dataset(const PluginTask& task, const DatasetRequest& request);
std::vector<std::string> read_plugin_labels(
    const PluginTask& task, const std::map<std::string, std::filesystem::path>& files);
std::unique_ptr<Head> create_plugin_head(const PluginTask& task, const HeadSizes& sizes,
                                         const ParameterFactory& parameters);

}  // namespace sojourn
