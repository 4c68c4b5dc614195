// manifest.json: what a run was made with and from. The only file beside the log that has clock,
// place and machine in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/config/study.h"
#include "core/data/features.h"
#include "core/plan/plan.h"
#include "core/run/machine.h"
#include "core/train/trainer.h"

namespace sojourn {

struct RunRecord {
  const Study& study;
  TaskCatalog& tasks;
  const Machine& machine;
  const std::map<DatasetKey, std::map<std::string, std::filesystem::path>>& data;  // its files
  const nlohmann::ordered_json& stages;  // a list: id, key, and what was measured
  const std::vector<std::string>& failed_stages;
  bool complete = true;
};

// JSON text: versions, processor, settings, time, SHA-256 of the encoder's files, plugins and data
// files, stages.
std::string run_manifest(const RunRecord& record);

// One line of training/<stage>.jsonl: step, the task that it trained (unless the stage has one, or
// each step trains all), loss, learning rate, norm of the gradient before clipping, tokens.
std::string curve_line(const StepReport& step, const std::string& task);

// One line more after a step that was evaluated: the mean of primary metrics, in percent.
std::string evaluation_line(std::int64_t step, double score);

}  // namespace sojourn
