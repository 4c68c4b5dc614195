// What a run is made with: settings that a user gives or the machine decides.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "core/model/precision.h"

namespace sojourn {

struct Machine {
  at::Device device;
  Precision precision;
  int threads;
  std::string reason;  // why this precision, for the log
};

// device: auto, cpu or cuda; precision: auto, fp32 or bf16; threads: 0 for as many as this process
// may use. Sets LibTorch's thread count. Throws Error(kInput) for a device that isn't there.
Machine set_up_machine(const std::string& device, const std::string& precision, int threads);

std::string libtorch_version();

// Processor, features, threads, precision, device, versions.
nlohmann::ordered_json describe(const Machine& machine);

// Of that, what decides the bits of what is trained.
nlohmann::json numerics(const Machine& machine);
// The same for people: "AMD EPYC (avx2), 2 threads, fp32 on cpu, LibTorch 2.13.0".
std::string machine_text(const Machine& machine);

}  // namespace sojourn
