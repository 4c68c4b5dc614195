#include "core/run/submission.h"

#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/config/study.h"
#include "core/data/files.h"
#include "core/report/results.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

std::string in_format(BenchmarkSpec::Format format, const std::vector<Prediction>& predictions) {
  if (format == BenchmarkSpec::Format::kAnswers) {
    nlohmann::ordered_json answers = nlohmann::ordered_json::object();
    for (const auto& prediction : predictions) answers[prediction.id] = prediction.text;
    return answers.dump(2) + "\n";
  }
  std::string text;
  for (const auto& [id, prediction] : predictions) {
    switch (format) {
      case BenchmarkSpec::Format::kLines:
        text += prediction + "\n";
        break;
      case BenchmarkSpec::Format::kSentences:
        text += replace_all(prediction, " ", "\n") + "\n\n";
        break;
      case BenchmarkSpec::Format::kPairs:
        if (!prediction.empty())
          text += id + "\t" + replace_all(prediction, " ", "\n" + id + "\t") + "\n";
        break;
      case BenchmarkSpec::Format::kAnswers:
        break;
    }
  }
  return text;
}

}  // namespace

std::vector<fs::path> write_submission(const SubmissionOptions& options, TaskCatalog& tasks) {
  const Study study = load_study(options.run / "study.toml");
  std::vector<fs::path> written;
  std::map<std::string, std::string> target_of;  // by task
  for (const auto& target : study.targets) {
    const Manifest& manifest = tasks.task(target.task).manifest();
    if (!manifest.benchmark) continue;
    const auto [first, fresh] = target_of.emplace(target.task, target.name);
    if (!fresh)
      throw input_error(options.run.string(), "targets '" + first->second + "' and '" +
                                                  target.name + "' are both of task '" +
                                                  target.task + "'");
    for (const auto& language : manifest.languages) {
      const fs::path from =
          options.run / predictions_file(options.arm, target.name, options.seed, "test", language);
      if (!fs::exists(from)) continue;
      const fs::path to = options.out / "predictions" /
                          expand_pattern(manifest.benchmark->labels, manifest, "test", language);
      fs::create_directories(to.parent_path());
      write_file(to, in_format(manifest.benchmark->format, read_predictions(from)));
      written.push_back(to);
    }
  }
  if (written.empty()) {
    throw input_error((options.run / "predictions" / options.arm).string(),
                      "no predictions of seed " + std::to_string(options.seed) +
                          " for the test split of a benchmark's task");
  }
  return written;
}

}  // namespace sojourn
