// Random numbers as a function of (seed, role, step, stream), never of what was drawn before.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sojourn {

// Who draws, and when. Two keys that differ in any part give unrelated numbers.
//
//   seed    of the study's run
//   role    0 in a target stage, 1, 2, .. in intermediate stages in order; never a name, so that
//   the
//           target stages of all arms share initialisation, order and dropout, which pairs them
//   step    optimizer step, epoch or index, as the stream defines
//   stream  what is drawn: "order/<task>", "sampling", "init/<head>/<parameter>", a dropout's place
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t role = 0;
  std::uint64_t step = 0;
};

// Philox4x32-10 (Salmon et al., SC 2011; the constants are those of Random123).
class Philox {
 public:
  using Block = std::array<std::uint32_t, 4>;

  Philox(const RandomKey& key, std::string_view stream);

  // Block `index` of row `row`: 128 random bits, the same for the same arguments in any order of
  // calls.
  Block operator()(std::uint64_t index, std::uint32_t row = 0) const noexcept;

  std::uint32_t key0() const noexcept { return key_[0]; }
  std::uint32_t key1() const noexcept { return key_[1]; }

 private:
  std::array<std::uint32_t, 2> key_;
};

// The ten rounds on a raw counter and key; exposed for kernels and for the known-answer test.
Philox::Block philox_rounds(Philox::Block counter, std::uint32_t key0, std::uint32_t key1) noexcept;

// A random order of 0 .. n-1 (Fisher-Yates on block i for position i).
std::vector<std::int64_t> random_permutation(const RandomKey& key, std::string_view stream,
                                             std::int64_t n);

// n numbers in [0, 1), of 24 bits each.
std::vector<float> random_uniform(const RandomKey& key, std::string_view stream, std::int64_t n);

// n standard normal numbers (Box-Muller, in double, then rounded).
std::vector<float> random_normal(const RandomKey& key, std::string_view stream, std::int64_t n);

}  // namespace sojourn
