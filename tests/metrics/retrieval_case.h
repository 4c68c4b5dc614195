// A case of retrieval or mining as compare_retrieval.py makes it: files and sentence vectors, run
// through a task and the host's search.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/eval/exact_search.h"
#include "core/eval/scorer.h"
#include "plugins/catalog.h"

namespace sojourn {

struct Retrieved {
  std::string tuned;  // empty where the task tunes nothing
  std::vector<std::string> predictions;
  double metric = 0;  // the first one
};

// Side 0 is foreign, side 1 English: [n, H] each.
inline ExactSearch search_between(const at::Tensor& foreign, const at::Tensor& english) {
  std::vector<std::int64_t> side(static_cast<std::size_t>(foreign.size(0)), 0);
  side.resize(side.size() + static_cast<std::size_t>(english.size(0)), 1);
  return {at::cat({foreign, english}), side};
}

// The vectors are those of the task's features, in their order on each side.
inline Retrieved retrieve(Task& task, const std::map<std::string, std::filesystem::path>& files,
                          const VectorSearch& search) {
  const auto data = task.open({task.tunes() ? "dev" : "test", "de", files, nullptr, 0, {}});
  const auto decoder = data->decoder();
  Retrieved retrieved;
  if (task.tunes()) retrieved.tuned = decoder->tune(&search);
  retrieved.predictions.resize(static_cast<std::size_t>(data->size()));
  decoder->finish(retrieved.tuned, &search, [&](std::int64_t example, std::string_view text) {
    retrieved.predictions.at(static_cast<std::size_t>(example)) = text;
  });
  const auto scores = score_predictions(task.manifest(), *data, retrieved.predictions);
  retrieved.metric = scores.metrics.at(0).value;
  return retrieved;
}

// The bundled tasks, and `mining_expanded`, which is bucc2018 but for its duplicates.
class RetrievalCases {
 public:
  Task& task(const std::string& name) { return catalog_.task(name); }

  // {"task": .., "files": {NAME: content}, "vectors": {"foreign": [[..]], "english": [[..]]}}
  Retrieved run(const nlohmann::json& request) {
    std::map<std::string, std::filesystem::path> files;
    for (const auto& [name, content] : request.at("files").items()) {
      files[name] = directory_.path() / name;
      write_file(files[name], content.get<std::string>());
    }
    const auto& vectors = request.at("vectors");
    const auto search =
        search_between(matrix(vectors.at("foreign")), matrix(vectors.at("english")));
    return retrieve(task(request.at("task")), files, search);
  }

 private:
  static at::Tensor matrix(const nlohmann::json& rows) {
    std::vector<at::Tensor> tensors;
    for (const auto& row : rows)
      tensors.push_back(at::tensor(row.get<std::vector<float>>(), at::kFloat).view({1, -1}));
    return at::cat(tensors);
  }

  TemporaryDirectory directory_;
  PluginCatalog catalog_{
      {std::filesystem::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks",
       std::filesystem::path(SOJOURN_BINARY_DIR) / "tests/plugins/mining_expanded"}};
};

}  // namespace sojourn
