// Handles for a plugin in place of pointers: a stale, foreign or made-up one is found out.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sojourn {

// Values by handle. No two handles of a process are equal, so one that outlived its value, or
// belongs to another table, never finds another value. Used by one thread.
template <typename T>
class HandleTable {
 public:
  std::uint64_t add(T value) {
    static std::atomic<std::uint64_t> generation{0};
    const std::uint64_t handle = ++generation << kSlotBits | (entries_.size() & kSlotMask);
    entries_.push_back({handle, std::move(value)});
    return handle;
  }

  // Null where there is none (any more).
  const T* find(std::uint64_t handle) const {
    const auto slot = static_cast<std::size_t>(handle & kSlotMask);
    return slot < entries_.size() && entries_[slot].handle == handle ? &entries_[slot].value
                                                                     : nullptr;
  }

  std::size_t size() const noexcept { return entries_.size(); }
  // Ends the life of all values but the first n.
  void cut(std::size_t n) {
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(n), entries_.end());
  }

 private:
  static constexpr unsigned kSlotBits = 20;
  static constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
  struct Entry {
    std::uint64_t handle;
    T value;
  };
  std::vector<Entry> entries_;
};

}  // namespace sojourn
