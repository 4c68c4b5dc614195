#include "core/base/philox.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/hash.h"

namespace sojourn {

namespace {

// Uniform in (0, 1]: never 0, so that its logarithm is finite.
double unit_interval(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 21) ^ (low >> 11);
  return (static_cast<double>(bits) + 1.0) * 0x1.0p-53;
}

}  // namespace

Philox::Block philox_rounds(Philox::Block c, std::uint32_t key0, std::uint32_t key1) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ key0, static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ key1, static_cast<std::uint32_t>(a)};
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  return c;
}

Philox::Philox(const RandomKey& key, std::string_view stream) {
  // The 64-bit key is a hash of all parts, so the whole counter is left for positions.
  const std::string text = std::to_string(key.seed) + '/' + std::to_string(key.role) + '/' +
                           std::to_string(key.step) + '/' + std::string(stream);
  const auto digest = sha256_bytes(text);
  for (std::size_t word = 0; word < key_.size(); ++word) {
    key_[word] = 0;
    for (std::size_t byte = 0; byte < 4; ++byte)
      key_[word] = key_[word] << 8 | digest[4 * word + byte];
  }
}

Philox::Block Philox::operator()(std::uint64_t index, std::uint32_t row) const noexcept {
  return philox_rounds(
      {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), row, 0}, key_[0],
      key_[1]);
}

std::vector<std::int64_t> random_permutation(const RandomKey& key, std::string_view stream,
                                             std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  const Philox random(key, stream);
  for (std::size_t i = order.size(); i > 1; --i) {
    const auto block = random(i);
    const std::uint64_t bits = static_cast<std::uint64_t>(block[0]) << 32 | block[1];
    std::swap(order[i - 1], order[bits % i]);  // the bias of the remainder is below n / 2^64
  }
  return order;
}

std::vector<float> random_uniform(const RandomKey& key, std::string_view stream, std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  const Philox random(key, stream);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::ldexp(static_cast<float>(random(i / 4)[i % 4] >> 8), -24);
  return values;
}

std::vector<float> random_normal(const RandomKey& key, std::string_view stream, std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  const Philox random(key, stream);
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto block = random(i / 2);
    const double radius = std::sqrt(-2.0 * std::log(unit_interval(block[0], block[1])));
    const double angle = 2.0 * std::numbers::pi * unit_interval(block[2], block[3]);
    values[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < values.size()) values[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return values;
}

}  // namespace sojourn
