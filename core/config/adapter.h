// What a stage trains beside its heads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sojourn {

// The whole encoder, or low-rank matrices beside some of its weights, which stay as they are.
//
// Source: LoRA, arXiv 2106.09685; the names and how modules are found are PEFT's.
struct Adapter {
  std::string kind = "none";                           // or "lora"
  std::int64_t rank = 16;                              // of the product of two matrices
  double alpha = 32;                                   // the product counts alpha / rank
  double dropout = 0.05;                               // of what the matrices see, in training
  std::vector<std::string> targets{"query", "value"};  // modules, by the end of their names
  std::vector<std::int64_t> layers;                    // layer k makes hidden state k; empty: all
  bool merge = true;  // the product is added to the weights at the end; else it stays apart

  bool operator==(const Adapter&) const = default;
};

}  // namespace sojourn
