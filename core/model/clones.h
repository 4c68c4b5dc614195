// Functions compiled once per instruction set, of which the machine's best is taken at run time.
#pragma once

// For loops over plain arrays that the compiler turns into vector instructions. Integers come out
// equal on every machine; floating point may differ between machines by fused multiply-adds.
#if defined(__SANITIZE_ADDRESS__) || !defined(__x86_64__)
#define SOJOURN_CLONES
#else
#define SOJOURN_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
