// Decoding and scoring.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "core/data/batches.h"
#include "core/eval/scorer.h"
#include "core/model/head_inputs.h"
#include "plugins/check/bench.h"

namespace sojourn {

namespace {

using Predictions = std::map<std::int64_t, std::string>;

// The outputs for a data set, feature by feature, and what they are decoded to.
class Decoding {
 public:
  explicit Decoding(TaskBench& bench)
      : bench_(bench), data_(bench.load(bench.scored())), encoder_(bench.new_encoder()) {
    if (!bench.manifest().search) compute_outputs();
  }

  const LoadedDataset& data() const { return data_; }

  // The examples in this order. Where the task searches, all are there from the beginning.
  Predictions decode(const std::vector<std::int64_t>& order) const {
    if (bench_.manifest().search) return search();
    const auto decoder = data_.data->decoder();
    for (const std::int64_t example : order) {
      for (auto f = data_.features.first_feature(example);
           f < data_.features.first_feature(example + 1); ++f)
        decoder->add(example, arrays(f));
    }
    const std::string tuned = bench_.task().tunes() ? decoder->tune(nullptr) : "";
    Predictions predictions;
    decoder->finish(tuned, nullptr, [&](std::int64_t example, std::string_view text) {
      predictions[example] = std::string(text);
    });
    return predictions;
  }

 private:
  void compute_outputs() {
    const at::NoGradGuard no_grad;
    const auto& manifest = bench_.manifest();
    TaskHead head = bench_.new_head();
    for (std::int64_t f = 0; f < data_.features.size(); ++f) {
      const Batch batch = collate(data_.features, std::vector{f}, bench_.tokenizer().pad_id());
      const auto inputs = head_inputs(encoder_, batch, manifest, head.inputs, nullptr);
      std::vector<at::Tensor> outputs;
      for (const auto& output : head.head->forward({inputs, 1, /*training=*/false, {}, 0})) {
        const auto type = output.is_floating_point() ? at::kFloat : at::kLong;
        outputs.push_back(output.to(type).select(0, 0).contiguous());
      }
      outputs_.push_back(std::move(outputs));
    }
  }

  std::vector<NamedArray> arrays(std::int64_t feature) const {
    const auto& manifest = bench_.manifest();
    std::vector<NamedArray> all;
    for (std::size_t f = 0; f < manifest.fields.size(); ++f)
      all.push_back({manifest.fields[f].name, data_.features.field(feature, f)});
    const auto& outputs = outputs_[static_cast<std::size_t>(feature)];
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      const auto type = outputs[o].is_floating_point() ? FieldType::kFloat32 : FieldType::kInt64;
      all.push_back({manifest.outputs[o].name,
                     {type, outputs[o].sizes().vec(), outputs[o].const_data_ptr()}});
    }
    return all;
  }

  Predictions search() const {
    const auto encoded = encode_dataset(encoder_, std::vector{encoder_.config().layers},
                                        bench_.manifest(), data_, bench_.tokenizer().pad_id());
    const auto& layer = encoded.front();
    const auto scores = layer.score(bench_.task().tunes() ? layer.tune() : "");
    Predictions predictions;
    for (std::size_t i = 0; i < scores.examples.size(); ++i)
      predictions[static_cast<std::int64_t>(i)] = scores.examples[i].prediction;
    return predictions;
  }

  TaskBench& bench_;
  LoadedDataset data_;
  Encoder& encoder_;
  std::vector<std::vector<at::Tensor>> outputs_;
};

std::vector<std::int64_t> all_examples(const LoadedDataset& data) {
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < data.examples; ++i) order.push_back(i);
  return order;
}

// What `got` differs in from `expected`, or "".
std::string difference(const Predictions& expected, const Predictions& got) {
  for (const auto& [example, text] : expected) {
    const auto found = got.find(example);
    if (found == got.end()) return "example " + std::to_string(example) + " has none";
    if (found->second != text)
      return "example " + std::to_string(example) + " has '" + found->second + "', it had '" +
             text + "'";
  }
  return expected.size() == got.size() ? "" : "there are more";
}

void predictions(TaskBench& bench) {
  const Decoding decoding(bench);
  const auto order = all_examples(decoding.data());
  const auto first = decoding.decode(order);
  const auto differs = difference(first, decoding.decode(order));
  if (!differs.empty()) throw CheckFinding("decoded again, predictions differ: " + differs);
}

void order(TaskBench& bench) {
  const Decoding decoding(bench);
  auto order = all_examples(decoding.data());
  const auto forward = decoding.decode(order);
  std::reverse(order.begin(), order.end());
  const auto differs = difference(forward, decoding.decode(order));
  if (!differs.empty()) throw CheckFinding("added from last to first: " + differs);
}

const std::vector<std::string>& any_predictions() {
  static const std::vector<std::string> texts{"",
                                              " ",
                                              "no such label",
                                              "\n\t",
                                              "-1",
                                              "99999999999999999999999",
                                              "nan",
                                              "a b c d e f g h",
                                              "\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80",
                                              std::string(100000, 'x')};
  return texts;
}

// Statistics of an example, where it has gold and the prediction isn't refused.
using Statistics = std::optional<std::vector<double>>;

Statistics statistics(const Dataset& data, std::int64_t example, const std::string& prediction) {
  try {
    return data.score(example, prediction);
  } catch (const Error& error) {
    if (std::string(error.what()).find("isn't a number") != std::string::npos) throw;
    return std::nullopt;  // refused; any_prediction() looks at how
  }
}

void any_prediction(TaskBench& bench) {
  const auto data = bench.open(bench.scored());
  for (std::int64_t i = 0; i < std::min(TaskBench::kExamples, data->size()); ++i) {
    for (const auto& text : any_predictions()) {
      try {
        data->score(i, text);
      } catch (const Error& error) {
        const std::string message = error.what();
        if (message.find("no message") != std::string::npos ||
            message.find("isn't a number") != std::string::npos)
          throw CheckFinding("prediction '" + text.substr(0, 40) + "': " + message);
      }
    }
  }
}

std::vector<std::string> predictions_to_score(TaskBench& bench) {
  auto texts = any_predictions();
  texts.pop_back();
  for (const auto& label : bench.labels()) texts.push_back(label);
  return texts;
}

void pure(TaskBench& bench) {
  const auto data = bench.open(bench.scored());
  const auto texts = predictions_to_score(bench);
  const std::int64_t n = std::min(TaskBench::kExamples, data->size());
  std::vector<Statistics> first;
  for (std::int64_t i = 0; i < n; ++i) {
    for (const auto& text : texts) first.push_back(statistics(*data, i, text));
  }
  for (std::int64_t i = n - 1; i >= 0; --i) {
    for (std::size_t t = texts.size(); t-- > 0;) {
      if (statistics(*data, i, texts[t]) == first[static_cast<std::size_t>(i) * texts.size() + t])
        continue;
      throw CheckFinding("example " + std::to_string(i) + " and prediction '" + texts[t] +
                         "' have other statistics when scored again, in another order");
    }
  }
}

// The sums over examples i with i % shards == shard, of a data set opened for them.
std::vector<double> sums(TaskBench& bench, const std::string& text, std::int64_t shards,
                         std::int64_t shard) {
  const auto data = bench.open(bench.scored());
  std::vector<double> all(bench.manifest().statistics.size(), 0.0);
  for (std::int64_t i = shard; i < std::min(TaskBench::kExamples, data->size()); i += shards) {
    const auto found = statistics(*data, i, text);
    for (std::size_t s = 0; found && s < all.size(); ++s) all[s] += (*found)[s];
  }
  return all;
}

void additive(TaskBench& bench) {
  for (const auto& text : predictions_to_score(bench)) {
    const auto whole = sums(bench, text, 1, 0);
    const auto even = sums(bench, text, 2, 0);
    const auto odd = sums(bench, text, 2, 1);
    for (std::size_t s = 0; s < whole.size(); ++s) {
      if (std::abs(whole[s] - even[s] - odd[s]) <= 1e-9 * std::max(1.0, std::abs(whole[s])))
        continue;
      throw CheckFinding("statistic '" + bench.manifest().statistics[s] + "' sums to " +
                         std::to_string(whole[s]) + " over all examples, and to " +
                         std::to_string(even[s]) + " and " + std::to_string(odd[s]) +
                         " over two halves");
    }
  }
}

}  // namespace

TaskTest score_test(std::string_view id) {
  if (id == "decode.predictions") return &predictions;
  if (id == "decode.order") return &order;
  if (id == "score.any-prediction") return &any_prediction;
  if (id == "score.pure") return &pure;
  if (id == "score.additive") return &additive;
  return nullptr;
}

}  // namespace sojourn
