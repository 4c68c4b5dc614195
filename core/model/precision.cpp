#include "core/model/precision.h"

#include <fstream>
#include <sstream>
#include <string>

namespace sojourn {

namespace {

// The kernel's list, since the compiler's built-in test doesn't know AMX.
bool cpu_has(const std::string& feature) {
  static const std::string flags = [] {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
      if (line.starts_with("flags")) return line + ' ';
    }
    return std::string();
  }();
  return flags.find(' ' + feature + ' ') != std::string::npos;
}

}  // namespace

std::string name_of(Precision precision) { return precision == Precision::kBf16 ? "bf16" : "fp32"; }

std::string cpu_features() {
  std::string found;
  for (const char* feature : {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}) {
    if (cpu_has(feature)) found += (found.empty() ? "" : " ") + std::string(feature);
  }
  return found;
}

Precision fastest_precision() {
  return cpu_has("avx512_bf16") || cpu_has("amx_bf16") ? Precision::kBf16 : Precision::kFp32;
}

}  // namespace sojourn
