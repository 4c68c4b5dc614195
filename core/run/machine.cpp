#include "core/run/machine.h"

#include <cstdlib>
#include <fstream>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <sys/utsname.h>
#include <torch/headeronly/version.h>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/version.h"

namespace sojourn {

namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

// The same bits in every run. cuBLAS reads the variable when it is first used.
void make_cuda_deterministic() {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);  // spares a pass over each new tensor
}

}  // namespace

Machine set_up_machine(const std::string& device, const std::string& precision, int threads) {
  const bool cuda = at::hasCUDA();
  if (device == "cuda" && !cuda) {
    throw input_error("--device cuda", "this LibTorch (" + libtorch_version() + ") sees no GPU");
  }
  const bool use_cuda = device == "cuda" || (device == "auto" && cuda);
  Machine machine{use_cuda ? at::Device(at::kCUDA) : at::Device(at::kCPU), Precision::kFp32,
                  threads > 0 ? threads : usable_threads(), ""};
  at::set_num_threads(machine.threads);
  if (use_cuda) make_cuda_deterministic();
  if (precision == "auto") {
    machine.precision = use_cuda ? Precision::kBf16 : fastest_precision();
    machine.reason = use_cuda ? "a GPU"
                     : machine.precision == Precision::kBf16
                         ? "this CPU multiplies bf16 natively (" + cpu_features() + ")"
                         : "this CPU has neither avx512_bf16 nor amx_bf16 (" + cpu_features() + ")";
  } else {
    machine.precision = precision == "bf16" ? Precision::kBf16 : Precision::kFp32;
    machine.reason = "asked for";
  }
  return machine;
}

std::string libtorch_version() { return TORCH_VERSION; }

nlohmann::ordered_json describe(const Machine& machine) {
  utsname system{};
  ::uname(&system);
  return {{"sojourn", kVersion},
          {"libtorch", libtorch_version()},
          {"system", std::string(system.sysname) + " " + system.release},
          {"host", system.nodename},
          {"cpu", processor()},
          {"cpu_features", cpu_features()},
          {"device", machine.device.str()},
          {"threads", machine.threads},
          {"precision", name_of(machine.precision)}};
}

nlohmann::json numerics(const Machine& machine) {
  const auto all = describe(machine);
  nlohmann::json decisive;
  for (const char* name : {"libtorch", "cpu", "cpu_features", "device", "threads", "precision"})
    decisive[name] = all.at(name);
  return decisive;
}

std::string machine_text(const Machine& machine) {
  return processor() + " (" + cpu_features() + "), " + std::to_string(machine.threads) +
         (machine.threads == 1 ? " thread, " : " threads, ") + name_of(machine.precision) + " on " +
         machine.device.str() + ", LibTorch " + libtorch_version();
}

}  // namespace sojourn
