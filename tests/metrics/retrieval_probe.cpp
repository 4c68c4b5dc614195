// Runs what compare_retrieval.py asks for, one JSON object on standard input, through the tasks and
// the host's search.
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>

#include "tests/metrics/retrieval_case.h"

namespace {

using sojourn::RetrievalCases;
using sojourn::Retrieved;

// A file of float32 numbers, `width` in a row.
at::Tensor read_vectors(const std::string& file, std::int64_t width) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) throw std::runtime_error("can't open " + file);
  const std::int64_t bytes = stream.tellg();
  auto vectors = at::empty({bytes / static_cast<std::int64_t>(sizeof(float)) / width, width});
  stream.seekg(0);
  stream.read(static_cast<char*>(vectors.mutable_data_ptr()), bytes);
  return vectors;
}

sojourn::ExactSearch search_of(const nlohmann::json& request) {
  const auto& files = request.at("vectors");
  const std::int64_t width = request.at("width");
  return sojourn::search_between(read_vectors(files.at("foreign"), width),
                                 read_vectors(files.at("english"), width));
}

nlohmann::json to_json(const Retrieved& found) {
  return {{"tuned", found.tuned}, {"predictions", found.predictions}, {"metric", found.metric}};
}

// {"cases": [..]}: see RetrievalCases.
nlohmann::json run_cases(const nlohmann::json& request) {
  RetrievalCases cases;
  nlohmann::json answers = nlohmann::json::array();
  for (const auto& one : request.at("cases")) answers.push_back(to_json(cases.run(one)));
  return answers;
}

// {"task": .., "paths": {NAME: file}, "vectors": {"foreign": file, "english": file}, "width": H}
nlohmann::json run_files(const nlohmann::json& request) {
  RetrievalCases cases;
  const auto paths = request.at("paths").get<std::map<std::string, std::string>>();
  return to_json(sojourn::retrieve(cases.task(request.at("task")), {paths.begin(), paths.end()},
                                   search_of(request)));
}

// {"k": .., "vectors": .., "width": ..}: both directions, and the seconds that they took.
nlohmann::json search_both_ways(const nlohmann::json& request) {
  const auto search = search_of(request);
  const std::int64_t k = request.at("k");
  const auto start = std::chrono::steady_clock::now();
  const auto forward = search.neighbours(0, 1, k);
  const auto backward = search.neighbours(1, 0, k);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {{"seconds", seconds.count()}, {"nearest", {forward.index, backward.index}}};
}

}  // namespace

int main() {
  try {
    const auto request = nlohmann::json::parse(std::cin);
    const auto answer = request.contains("cases")   ? run_cases(request)
                        : request.contains("paths") ? run_files(request)
                                                    : search_both_ways(request);
    std::cout << answer << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
