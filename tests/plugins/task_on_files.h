// A bundled task on files that a test writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/data/feature_table.h"
#include "plugins/catalog.h"
#include "tests/plugins/stub_tokenizer.h"
#include "tests/support/input_error.h"

namespace sojourn {

class TaskOnFiles {
 public:
  explicit TaskOnFiles(const std::string& name) : task_(&catalog_.task(name)) {}

  // Writes the content as the manifest's file `name`, here called name + extension.
  void file(const std::string& name, const std::string& content,
            const std::string& extension = "") {
    files_[name] = directory_.path() / (name + extension);
    write_file(files_[name], content);
  }
  std::string path(const std::string& name) const { return files_.at(name).string(); }

  std::unique_ptr<Dataset> open(std::int64_t max_tokens = 64,
                                const std::vector<std::string>& labels = {},
                                const std::string& split = "test",
                                const std::string& language = "de") {
    return task_->open({split, language, files_, &tokenizer_, max_tokens, labels});
  }
  std::vector<std::string> labels() { return task_->read_labels(files_); }
  std::string error() {
    return input_error_of([&] { open(); });
  }
  FeatureTable features(const Dataset& data) {
    FeatureTable table(task_->manifest().fields, "test");
    for (std::int64_t i = 0; i < data.size(); ++i) {
      table.begin_example();
      data.featurize(i, table);
    }
    return table;
  }
  const Manifest& manifest() const { return task_->manifest(); }

 private:
  TemporaryDirectory directory_;
  StubTokenizer tokenizer_;
  PluginCatalog catalog_{{std::filesystem::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"}};
  Task* task_;
  std::map<std::string, std::filesystem::path> files_;
};

// A search of which a task asks for nothing but neighbours.
class NeighboursOnly : public VectorSearch {
 public:
  Neighbours csls(std::int64_t /*from*/, std::int64_t /*to*/, std::int64_t /*neighbourhood*/,
                  std::int64_t /*k*/) const override {
    throw std::logic_error("csls");
  }
  Ranks ranks(std::int64_t /*from*/, std::int64_t /*to*/, std::span<const std::int64_t> /*rows*/,
              std::span<const std::int64_t> /*targets*/) const override {
    throw std::logic_error("ranks");
  }
  std::vector<float> mean_cosines(std::int64_t /*from*/, std::int64_t /*to*/) const override {
    throw std::logic_error("mean_cosines");
  }
};

inline std::vector<std::int64_t> integers(const FeatureTable& table, std::int64_t feature,
                                          std::size_t field) {
  const ArrayView view = table.field(feature, field);
  const auto* data = static_cast<const std::int64_t*>(view.data);
  return {data, data + (view.shape.empty() ? 1 : view.shape[0])};
}

using Ints = std::vector<std::int64_t>;

inline std::vector<std::string> predictions(Decoder& decoder, std::size_t n,
                                            const VectorSearch* search = nullptr) {
  std::vector<std::string> found(n);
  decoder.finish("", search, [&](std::int64_t i, std::string_view text) {
    found.at(static_cast<std::size_t>(i)) = text;
  });
  return found;
}

}  // namespace sojourn
