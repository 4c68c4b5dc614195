// Which part of a plugin is running, where another process can see it even after this one has died.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace sojourn {

// A page of memory that a process shares with those that it forks.
class CallbackMark {
 public:
  CallbackMark();  // throws std::runtime_error where there is no memory to share
  CallbackMark(const CallbackMark&) = delete;
  CallbackMark& operator=(const CallbackMark&) = delete;
  ~CallbackMark();

  // One that has begun and not returned, the inner one of two; "" where there is none.
  std::string_view running() const noexcept;
  void begin(std::string_view callback) noexcept { ++count(callback); }
  void end(std::string_view callback) noexcept { --count(callback); }

 private:
  using Count = std::atomic<std::uint32_t>;
  Count& count(std::string_view callback) const noexcept;

  Count* counts_;  // of calls that run, by callback
};

// The mark of this process; null where it isn't being checked.
CallbackMark*& callback_mark() noexcept;

inline constexpr const char* kLoading = "the loading of the library";
inline constexpr const char* kEnding = "the end of the process";

}  // namespace sojourn
