#include "plugins/plugin_task.h"

#include <utility>

#include "core/base/error.h"
#include "plugins/op_table.h"

namespace sojourn {

PluginTask::PluginTask(std::shared_ptr<const PluginLibrary> library, std::size_t index)
    : library_(std::move(library)),
      table_(library_->plugin().tasks[index]),
      manifest_(parse_manifest(from_abi(table_->manifest), library_->file().string())) {
  const auto refuse = [&](const std::string& what) {
    throw input_error(library_->file().string(), "task '" + manifest_.name + "' " + what);
  };
  const int head_callbacks =
      (table_->head_create != nullptr ? 1 : 0) + (table_->head_forward != nullptr ? 1 : 0) +
      (table_->head_loss != nullptr ? 1 : 0) + (table_->head_destroy != nullptr ? 1 : 0);
  if (manifest_.head && head_callbacks != 4)
    refuse("has a head in its manifest, but not all callbacks of a head");
  if (!manifest_.head && head_callbacks != 0)
    refuse("has callbacks of a head, but none in its manifest");
  const bool from_train = manifest_.head && manifest_.head->labels_from_train;
  if (from_train != (table_->labels != nullptr))
    refuse(from_train ? "takes its labels from the train split, but has no callback for them"
                      : "has a callback for labels, which its manifest doesn't ask for");
  if (table_->decode_tune != nullptr && !manifest_.splits.contains("dev"))
    refuse("has a callback that learns on a dev split, but none in its manifest");
  for (const auto& op : manifest_.ops) {
    if (find_op(op) == nullptr)
      refuse("needs the operation '" + op + "', which this host lacks" + nearest_op(op));
  }
}

bool PluginTask::parallel_featurize() const {
  return (table_->flags & SOJOURN_TASK_FEATURIZE_PARALLEL) != 0;
}

std::unique_ptr<Dataset> PluginTask::open(const DatasetRequest& request) {
  return open_plugin_dataset(*this, request);
}

std::vector<std::string> PluginTask::read_labels(
    const std::map<std::string, std::filesystem::path>& files) {
  return read_plugin_labels(*this, files);
}

std::unique_ptr<Head> PluginTask::create_head(const HeadSizes& sizes,
                                              const ParameterFactory& parameters) {
  return create_plugin_head(*this, sizes, parameters);
}

}  // namespace sojourn
