// Structures of the contract, which a later minor version may let grow at their ends: a plugin's
// may be shorter or longer than this host's.
#pragma once

#include <sojourn/task_abi.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace sojourn {

// What they held in 1.0, bytes: any plugin has that much. Beyond it, SOJOURN_HAS tells.
inline constexpr std::size_t kTaskSize =
    offsetof(sojourn_task, score) + sizeof(sojourn_task::score);
inline constexpr std::size_t kPluginSize =
    offsetof(sojourn_plugin, shutdown) + sizeof(sojourn_plugin::shutdown);
inline constexpr std::size_t kFunctionSize =
    offsetof(sojourn_autograd_fn, destroy) + sizeof(sojourn_autograd_fn::destroy);
inline constexpr std::size_t kRequestSize =
    offsetof(sojourn_encode_request, stride) + sizeof(sojourn_encode_request::stride);
inline constexpr std::size_t kEncodingSize =
    offsetof(sojourn_encoding, end) + sizeof(sojourn_encoding::end);

// As much of a plugin's structure as both know, and zeros.
template <class Struct>
Struct known_part(const Struct& theirs) noexcept {
  Struct known{};
  const std::size_t size = std::min(static_cast<std::size_t>(theirs.struct_size), sizeof(Struct));
  std::memcpy(&known, &theirs, size);
  known.struct_size = size;
  return known;
}

}  // namespace sojourn
