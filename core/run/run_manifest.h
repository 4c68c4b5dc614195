// manifest.json: what a run was made with and from. The only file beside the log that has clock,
// place and machine in it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/config/study.h"
#include "core/data/features.h"
#include "core/plan/plan.h"
#include "core/run/machine.h"
#include "core/train/trainer.h"

namespace sojourn {

struct TrainedStage {
  std::string id;
  std::int64_t steps = 0;
  double seconds = 0;
  double tokens_per_second = 0;  // real ones
};

struct RunRecord {
  const Study& study;
  TaskCatalog& tasks;
  const Machine& machine;
  const std::map<DatasetKey, LoadedDataset>& data;
  const std::vector<TrainedStage>& stages;
  const std::vector<std::string>& failed_stages;
  bool complete = true;
};

// JSON text: versions, processor, settings, time, SHA-256 of the encoder's files, plugins and data
// files, stages.
std::string run_manifest(const RunRecord& record);

// One line of training/<stage>.jsonl: step, loss, learning rate, norm of the gradient before
// clipping, tokens.
std::string curve_line(const StepReport& step);

}  // namespace sojourn
