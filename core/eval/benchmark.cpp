#include "core/eval/benchmark.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/data/files.h"
#include "core/eval/scorer.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

// One for each example of the data set; nothing where there is none.
using Predictions = std::vector<std::optional<std::string>>;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

// Tags joined by a space, sentence by sentence.
std::vector<std::string> sentences_of(const std::string& text) {
  std::vector<std::string> sentences(1);
  for (const auto& tag : lines_of(text)) {
    auto& sentence = sentences.back();
    if (!tag.empty()) {
      sentence += (sentence.empty() ? "" : " ") + tag;
    } else if (!sentence.empty()) {
      sentences.emplace_back();
    }
  }
  if (sentences.back().empty()) sentences.pop_back();
  return sentences;
}

Predictions in_order(std::vector<std::string> found, std::size_t examples, const fs::path& file) {
  if (found.size() > examples) {
    throw input_error(file.string(), std::to_string(found.size()) + " predictions, expected " +
                                         std::to_string(examples) + ", one for each example");
  }
  Predictions predictions(std::make_move_iterator(found.begin()),
                          std::make_move_iterator(found.end()));
  predictions.resize(examples);
  return predictions;
}

std::unordered_map<std::string, std::size_t> places_of(const Dataset& data) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::int64_t i = 0; i < data.size(); ++i)
    places.emplace(data.example(i).id, static_cast<std::size_t>(i));
  return places;
}

Predictions answers(const std::string& text, const Dataset& data, const fs::path& file) {
  const auto places = places_of(data);
  Predictions predictions(places.size());
  try {
    const auto all = nlohmann::json::parse(text);
    for (const auto& [id, answer] : all.items()) {
      const auto place = places.find(id);
      if (place == places.end()) throw input_error(file.string(), "no gold for id '" + id + "'");
      predictions[place->second] = answer.get<std::string>();
    }
  } catch (const nlohmann::json::exception& error) {
    throw input_error(file.string(),
                      std::string("expected a JSON object of answers by id: ") + error.what());
  }
  return predictions;
}

Predictions pairs(const std::string& text, const Dataset& data, const fs::path& file) {
  const auto places = places_of(data);
  Predictions predictions(places.size(), std::string());
  std::size_t number = 0;
  for (const auto& line : lines_of(text)) {
    const std::string where = file.string() + ":" + std::to_string(++number);
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) throw input_error(where, "no tab, expected ID TAB PREDICTION");
    const auto place = places.find(line.substr(0, tab));
    if (place == places.end())
      throw input_error(where, "no gold for id '" + line.substr(0, tab) + "'");
    std::string& prediction = *predictions[place->second];
    prediction += (prediction.empty() ? "" : " ") + line.substr(tab + 1);
  }
  return predictions;
}

Predictions read_predictions(BenchmarkSpec::Format format, const Dataset& data,
                             const fs::path& file) {
  const std::string text = read_file(file);
  if (const auto at = invalid_utf8_at(text))
    throw input_error(file.string(), "byte " + std::to_string(*at + 1) + " isn't UTF-8");
  const auto examples = static_cast<std::size_t>(data.size());
  switch (format) {
    case BenchmarkSpec::Format::kLines:
      return in_order(lines_of(text), examples, file);
    case BenchmarkSpec::Format::kSentences:
      return in_order(sentences_of(text), examples, file);
    case BenchmarkSpec::Format::kAnswers:
      return answers(text, data, file);
    case BenchmarkSpec::Format::kPairs:
      break;
  }
  return pairs(text, data, file);
}

// One language's gold and predictions.
class LanguageFiles {
 public:
  LanguageFiles(Task& task, std::string language, const fs::path& folder)
      : task_(&task), language_(std::move(language)) {
    const std::string name =
        expand_pattern(task.manifest().benchmark->labels, task.manifest(), "test", language_);
    labels_ = folder / "labels" / name;
    predictions_ = folder / "predictions" / name;
  }

  bool has_labels() const { return fs::exists(labels_); }
  bool has_predictions() const { return fs::exists(predictions_); }
  const fs::path& labels() const { return labels_; }
  const fs::path& predictions() const { return predictions_; }
  const std::string& language() const { return language_; }

  // Adds the examples without a prediction to `missing`; they are scored as "".
  std::vector<MetricValue> score(std::int64_t& missing) const {
    std::map<std::string, fs::path> files{{"labels", labels_}};
    if (has_predictions()) files["predictions"] = predictions_;
    const auto& manifest = task_->manifest();
    const auto data = task_->open({"labels", language_, files, nullptr, 0, {}});
    const Predictions found =
        has_predictions() ? read_predictions(manifest.benchmark->format, *data, predictions_)
                          : Predictions(static_cast<std::size_t>(data->size()));
    missing += std::count(found.begin(), found.end(), std::nullopt);
    std::vector<std::string> predictions;
    for (const auto& prediction : found) predictions.push_back(prediction.value_or(""));
    try {
      return score_predictions(manifest, *data, predictions).metrics;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kPlugin) throw;
      throw input_error(predictions_.string(), error.what());  // a prediction that can't be scored
    }
  }

 private:
  Task* task_;
  std::string language_;
  fs::path labels_;
  fs::path predictions_;
};

std::vector<LanguageFiles> languages_of(Task& task, const fs::path& folder) {
  std::vector<LanguageFiles> languages;
  for (const auto& language : task.manifest().languages) {
    LanguageFiles files(task, language, folder);
    if (files.has_predictions() && !files.has_labels())
      throw input_error(files.predictions().string(),
                        "no gold for it: no file " + files.labels().string());
    if (files.has_labels()) languages.push_back(std::move(files));
  }
  if (languages.empty()) {
    const LanguageFiles first(task, task.manifest().languages.front(), folder);
    throw input_error(first.labels().string(), "no such file, nor one of another language");
  }
  return languages;
}

const MetricSpec& primary_of(const Manifest& manifest) {
  return *std::find_if(manifest.metrics.begin(), manifest.metrics.end(),
                       [](const MetricSpec& metric) { return metric.primary; });
}

nlohmann::ordered_json json_of(const BenchmarkScores& scores) {
  return {{"task", scores.task},
          {"profile", scores.profile},
          {"per_language", scores.per_language},
          {"mean", scores.mean}};
}

}  // namespace

BenchmarkScores score_benchmark(Task& task, const fs::path& folder, bool allow_missing) {
  const Manifest& manifest = task.manifest();
  if (!manifest.benchmark)
    throw input_error("task '" + manifest.name + "'", "belongs to no such benchmark");
  const MetricSpec& primary = primary_of(manifest);
  BenchmarkScores scores{manifest.name, primary.profile, {primary.name}, {}, {}, 0};
  for (const auto& metric : manifest.metrics) {
    if (metric.profile == primary.profile && !metric.primary) scores.metrics.push_back(metric.name);
  }
  const auto languages = languages_of(task, folder);
  std::vector<std::string> absent;
  for (const auto& files : languages) {
    if (!files.has_predictions()) absent.push_back(files.language());
    for (const auto& metric : files.score(scores.missing)) {
      if (metric.profile != primary.profile) continue;
      scores.per_language[files.language()][metric.metric] = metric.value;
      scores.mean[metric.metric] += metric.value;
    }
  }
  if (scores.missing > 0 && !allow_missing) {
    throw input_error((folder / "predictions").string(),
                      std::to_string(scores.missing) + " examples of task '" + manifest.name +
                          "' have no prediction" +
                          (absent.empty() ? "" : ", all of " + join(absent, " ") + " among them") +
                          "; --allow-missing scores them as wrong");
  }
  for (auto& [metric, sum] : scores.mean) sum /= static_cast<double>(languages.size());
  return scores;
}

BenchmarkSummary score_benchmark(TaskCatalog& tasks, const fs::path& folder, bool allow_missing) {
  BenchmarkSummary summary;
  for (const auto& name : tasks.names()) {
    Task& task = tasks.task(name);
    if (!task.manifest().benchmark) continue;
    const auto sub_folder = fs::path(task.manifest().benchmark->labels).parent_path();
    if (fs::exists(folder / "labels" / sub_folder) &&
        fs::exists(folder / "predictions" / sub_folder)) {
      summary.tasks.push_back(score_benchmark(task, folder, allow_missing));
    } else {
      summary.absent.push_back(name);
    }
  }
  if (summary.tasks.empty()) {
    throw input_error(folder.string(), "has no task in both labels/ and predictions/; expected " +
                                           join(summary.absent, ", "));
  }
  return summary;
}

double task_score(const BenchmarkScores& scores) {
  double sum = 0;
  for (const auto& [metric, value] : scores.mean) sum += value;
  return sum / static_cast<double>(scores.mean.size());
}

std::optional<double> mean_score(const BenchmarkSummary& summary) {
  if (!summary.absent.empty()) return std::nullopt;
  double sum = 0;
  for (const auto& scores : summary.tasks) sum += task_score(scores);
  return sum / static_cast<double>(summary.tasks.size());
}

std::string to_json(const BenchmarkScores& scores) { return json_of(scores).dump() + "\n"; }

std::string to_json(const BenchmarkSummary& summary) {
  auto tasks = nlohmann::ordered_json::array();
  for (const auto& scores : summary.tasks) {
    tasks.push_back(json_of(scores));
    tasks.back()["score"] = task_score(scores);
  }
  const auto mean = mean_score(summary);
  const nlohmann::ordered_json json{{"tasks", std::move(tasks)},
                                    {"absent", summary.absent},
                                    {"mean", mean ? nlohmann::ordered_json(*mean) : nullptr}};
  return json.dump() + "\n";
}

}  // namespace sojourn
