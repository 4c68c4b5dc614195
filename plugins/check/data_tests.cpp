// What a task makes of good data.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "core/eval/scorer.h"
#include "plugins/check/bench.h"

namespace sojourn {

namespace {

void open(TaskBench& bench) {
  for (const auto& sample : bench.samples()) {
    const auto first = bench.open(sample)->size();
    const auto second = bench.open(sample)->size();
    if (first != second) {
      throw CheckFinding(sample.name() + ": " + std::to_string(first) +
                         " examples, and when it was opened again " + std::to_string(second));
    }
  }
}

void examples(TaskBench& bench) {
  for (const auto& sample : bench.samples()) {
    const auto data = bench.open(sample);
    std::map<std::string, std::int64_t> places;
    for (std::int64_t i = 0; i < data->size(); ++i) {
      const auto [place, is_new] = places.emplace(data->example(i).id, i);
      if (!is_new) {
        throw CheckFinding(sample.name() + ": examples " + std::to_string(place->second) + " and " +
                           std::to_string(i) + " have the id '" + place->first + "'");
      }
    }
    for (const auto& [id, i] : places) {
      if (data->example(i).id != id)
        throw CheckFinding(sample.name() + ": example " + std::to_string(i) + " is '" + id +
                           "', and when asked again '" + data->example(i).id + "'");
    }
  }
}

void labels(TaskBench& bench) {
  const auto& head = bench.manifest().head;
  if (!head || !head->labels_from_train)
    throw CheckSkipped("the manifest doesn't take labels from the train split");
  bench.training();
  if (bench.labels() != bench.labels()) throw CheckFinding("other labels when asked again");
}

void independent(TaskBench& bench) {
  const Sample& first = bench.samples().front();
  const auto data = bench.open(first);
  const auto before = features_of(bench.task(), *data, TaskBench::kExamples);
  const std::string id = data->example(0).id;
  const auto check = [&](const char* when) {
    const auto differs = difference(before, features_of(bench.task(), *data, TaskBench::kExamples));
    if (!differs.empty())
      throw CheckFinding(first.name() + ": " + when + " another one was opened: " + differs);
    if (data->example(0).id != id)
      throw CheckFinding(first.name() + ": " + when + " another one was opened, example 0 is '" +
                         data->example(0).id + "', it was '" + id + "'");
  };
  {
    const auto other = bench.open(bench.samples().back(), TaskBench::kMaxTokens / 2);
    features_of(bench.task(), *other, TaskBench::kExamples);
    check("once");
  }
  check("once, after");
}

void check_features(TaskBench& bench, const Sample& sample, std::int64_t max_tokens) {
  const auto data = bench.open(sample, max_tokens);
  const auto features = features_of(bench.task(), *data, TaskBench::kExamples);
  if (features.size() == 0) throw CheckFinding(sample.name() + ": no example has a feature");
  for (const std::int64_t length : features.lengths()) {
    if (length > max_tokens)
      throw CheckFinding(sample.name() + ": a feature of " + std::to_string(length) +
                         " pieces, max_tokens is " + std::to_string(max_tokens));
  }
  const auto ids = features.used_ids();
  const auto bound = bench.tokenizer().id_count();
  for (const std::int64_t id : ids) {
    if (id < 0 || id >= bound)
      throw CheckFinding(sample.name() + ": input id " + std::to_string(id) +
                         ", the tokenizer has 0 to " + std::to_string(bound - 1));
  }
  const auto differs = difference(features, features_of(bench.task(), *data, TaskBench::kExamples));
  if (!differs.empty())
    throw CheckFinding(sample.name() + ": not the same when featurized again: " + differs);
}

void features(TaskBench& bench) {
  for (const auto& sample : bench.samples()) {
    for (const std::int64_t max_tokens : {TaskBench::kMaxTokens / 4, TaskBench::kMaxTokens})
      check_features(bench, sample, max_tokens);
  }
}

void parallel(TaskBench& bench) {
  if (!bench.task().parallel_featurize())
    throw CheckSkipped("the task doesn't set SOJOURN_TASK_FEATURIZE_PARALLEL");
  constexpr int kThreads = 4;
  constexpr std::int64_t kRounds = 8;  // over the same examples, so that calls meet
  for (const auto& sample : bench.samples()) {
    const auto data = bench.open(sample);
    const std::int64_t n = std::min(TaskBench::kExamples, data->size());
    const auto serial = features_of(bench.task(), *data, n);
    std::vector<FeatureTable> parts(static_cast<std::size_t>(n * kRounds),
                                    FeatureTable(bench.manifest().fields, "featurize"));
    parallel_for(n * kRounds, kThreads, [&](std::int64_t i) {
      auto& part = parts[static_cast<std::size_t>(i)];
      part.begin_example();
      data->featurize(i % n, part);
    });
    for (std::int64_t round = 0; round < kRounds; ++round) {
      FeatureTable all(bench.manifest().fields, "featurize");
      for (std::int64_t i = 0; i < n; ++i)
        all.append(parts[static_cast<std::size_t>(round * n + i)]);
      const auto differs = difference(serial, all);
      if (!differs.empty())
        throw CheckFinding(sample.name() + ": one thread, then four: " + differs);
    }
  }
}

}  // namespace

TaskTest data_test(std::string_view id) {
  if (id == "data.open") return &open;
  if (id == "data.examples") return &examples;
  if (id == "data.labels") return &labels;
  if (id == "data.independent") return &independent;
  if (id == "data.features") return &features;
  if (id == "data.parallel") return &parallel;
  return nullptr;
}

}  // namespace sojourn
