// Which numbers matrix products are computed in, and what this machine is good at.
#pragma once

#include <string>

namespace sojourn {

enum class Precision { kFp32, kBf16 };

// "fp32" or "bf16".
std::string name_of(Precision precision);

// The CPU's features that matter to matrix products, of avx2 avx512f avx512_bf16 amx_bf16,
// space-separated.
std::string cpu_features();

// bf16 where the CPU multiplies it natively (avx512_bf16 or amx_bf16): elsewhere it is emulated,
// and slower than fp32.
Precision fastest_precision();

}  // namespace sojourn
