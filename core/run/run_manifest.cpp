#include "core/run/run_manifest.h"

#include <array>
#include <chrono>
#include <ctime>

#include <nlohmann/json.hpp>

#include "core/base/file_hashes.h"
#include "core/data/files.h"

namespace sojourn {

namespace {

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text;
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace

std::string run_manifest(const RunRecord& record) {
  nlohmann::ordered_json manifest{
      {"study", record.study.name}, {"complete", record.complete}, {"finished", utc_now()}};
  manifest["machine"] = describe(record.machine);
  manifest["data_root"] = record.study.data_root.string();
  auto& encoder = manifest["encoder"];
  encoder["path"] = record.study.encoder.string();
  std::map<std::string, std::string> files;  // sorted by name
  for (const auto& entry : std::filesystem::directory_iterator(record.study.encoder)) {
    if (entry.is_regular_file())
      files[entry.path().filename().string()] = file_sha256(entry.path());
  }
  for (const auto& [name, hash] : files) encoder["sha256"][name] = hash;
  manifest["tasks"] = nlohmann::ordered_json::object();
  manifest["data"] = nlohmann::ordered_json::object();
  for (const auto& [key, of_data] : record.data) {
    const Task& task = record.tasks.task(key.task);
    auto& of_task = manifest["tasks"][key.task];
    of_task["version"] = task.version();
    of_task["plugin"] = task.plugin_file().string();
    of_task["sha256"] = file_sha256(task.plugin_file());
    for (const auto& file : of_data)
      manifest["data"][file.second.string()] = file_sha256(file.second);
    for (const auto& name : left_out(task.manifest(), key.split, of_data))
      of_task["left_out"][key.split].push_back(name);
  }
  manifest["stages"] = record.stages;
  manifest["failed_stages"] = record.failed_stages;
  return manifest.dump(2) + "\n";
}

std::string curve_line(const StepReport& step, const std::string& task) {
  nlohmann::ordered_json line{{"step", step.step}};
  if (!task.empty()) line["task"] = task;
  line["loss"] = step.loss;
  line["learning_rate"] = step.rate;
  line["gradient_norm"] = step.gradient_norm;
  line["real_tokens"] = step.real_tokens;
  line["padded_tokens"] = step.padded_tokens;
  return line.dump() + "\n";
}

std::string evaluation_line(std::int64_t step, double score) {
  return nlohmann::ordered_json{{"step", step}, {"evaluation", score}}.dump() + "\n";
}

}  // namespace sojourn
