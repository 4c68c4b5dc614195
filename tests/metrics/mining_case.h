// A case of bitext mining as compare_retrieval.py writes it: run through the task and the host's
// search.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/eval/exact_search.h"
#include "core/eval/scorer.h"
#include "plugins/catalog.h"
#include "tests/support/temporary_directory.h"

namespace sojourn {

struct Mined {
  double threshold = 0;
  std::vector<std::string> predictions;
  double f1 = 0;
};

class MiningCase {
 public:
  explicit MiningCase(const nlohmann::json& json) : json_(&json) {}

  Mined run() {
    write_file(path("foreign"), lines("foreign", "fo-"));
    write_file(path("english"), lines("english", "en-"));
    std::string gold;
    for (const auto& pair : json_->at("gold"))
      gold += "fo-" + pair[0].dump() + "\ten-" + pair[1].dump() + "\n";
    write_file(path("gold"), gold);
    Task& task = catalog_.task("bucc2018");
    const auto data = task.open(
        {"dev",
         "de",
         {{"foreign", path("foreign")}, {"english", path("english")}, {"gold", path("gold")}},
         nullptr,
         0,
         {}});
    const auto foreign = first_vectors("foreign");
    const auto english = first_vectors("english");
    std::vector<std::int64_t> side(static_cast<std::size_t>(foreign.size(0)), 0);
    side.resize(side.size() + static_cast<std::size_t>(english.size(0)), 1);
    const ExactSearch search(at::cat({foreign, english}), side);
    const auto decoder = data->decoder();
    const std::string tuned = decoder->tune(&search);
    Mined mined{std::stod(tuned), std::vector<std::string>(static_cast<std::size_t>(data->size())),
                0};
    decoder->finish(tuned, &search, [&](std::int64_t example, std::string_view text) {
      mined.predictions[static_cast<std::size_t>(example)] = text;
    });
    mined.f1 = score_predictions(task.manifest(), *data, mined.predictions).metrics[0].value;
    return mined;
  }

 private:
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

  std::string lines(const char* side, const std::string& prefix) const {
    std::string text;
    for (std::size_t i = 0; i < json_->at(side).size(); ++i) {
      text += prefix + std::to_string(i) + "\t" + json_->at(side)[i].get<std::string>() + "\n";
    }
    return text;
  }

  // Of the distinct sentences, in the order of their first places.
  at::Tensor first_vectors(const std::string& side) const {
    std::vector<at::Tensor> rows;
    const auto& sentences = json_->at(side);
    for (std::size_t i = 0; i < sentences.size(); ++i) {
      bool fresh = true;
      for (std::size_t j = 0; j < i; ++j) fresh = fresh && sentences[j] != sentences[i];
      if (!fresh) continue;
      const auto numbers = json_->at(side + "_vectors")[i].get<std::vector<float>>();
      rows.push_back(at::tensor(numbers, at::kFloat).view({1, -1}));
    }
    return at::cat(rows);
  }

  const nlohmann::json* json_;
  TemporaryDirectory directory_;
  PluginCatalog catalog_{{std::filesystem::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"}};
};

}  // namespace sojourn
