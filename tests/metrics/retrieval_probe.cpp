// Runs the cases that compare_retrieval.py sends through the task and the host's search.
#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>

#include "tests/metrics/mining_case.h"

namespace {

using namespace sojourn;  // NOLINT(google-build-using-namespace): this file is the program

at::Tensor read_vectors(const std::string& file, std::int64_t width, std::vector<float>& numbers) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  numbers.resize(static_cast<std::size_t>(stream.tellg()) / sizeof(float));
  stream.seekg(0);
  stream.read(reinterpret_cast<char*>(numbers.data()),
              static_cast<std::streamsize>(numbers.size() * sizeof(float)));
  return at::from_blob(numbers.data(), {static_cast<std::int64_t>(numbers.size()) / width, width},
                       at::kFloat);
}

nlohmann::json search_large(const nlohmann::json& request) {
  const std::int64_t width = request.at("width");
  std::vector<float> numbers[2];
  const auto foreign = read_vectors(request.at("large")[0], width, numbers[0]);
  const auto english = read_vectors(request.at("large")[1], width, numbers[1]);
  std::vector<std::int64_t> side(static_cast<std::size_t>(foreign.size(0)), 0);
  side.resize(side.size() + static_cast<std::size_t>(english.size(0)), 1);
  const auto all = at::cat({foreign, english});
  const auto start = std::chrono::steady_clock::now();
  const ExactSearch search(all, side);
  const auto forward = search.neighbours(0, 1, 4);
  const auto backward = search.neighbours(1, 0, 4);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {{"seconds", seconds.count()}, {"nearest", {forward.index, backward.index}}};
}

}  // namespace

int main() {
  try {
    const auto request = nlohmann::json::parse(std::cin);
    nlohmann::json answer;
    if (request.contains("large")) answer = search_large(request);
    for (const auto& data : request.value("cases", nlohmann::json::array())) {
      const Mined mined = MiningCase(data).run();
      answer["cases"].push_back(
          {{"threshold", mined.threshold}, {"predictions", mined.predictions}, {"f1", mined.f1}});
    }
    std::cout << answer << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
