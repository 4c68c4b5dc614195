// Who works in a folder: one process of this machine, and one machine of those that share the disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace sojourn {

struct LockOwner {
  std::string host;
  std::int64_t process = 0;  // 0: not known
};

inline constexpr const char* kOwnerFile = ".owner";  // in a locked folder

struct LockTimes {  // others than these are for tests
  std::chrono::milliseconds heartbeat{10'000};
  std::chrono::milliseconds silence{60'000};  // an owner elsewhere that was silent so long is dead
  std::chrono::milliseconds settle{1'000};  // until machines that take over at once see each other
};

// Within a machine, the kernel's lock on the folder (flock), which ends with its process. Between
// machines, whose kernels may not know of each other's locks, the file `.owner` in it: host,
// process, a random token, and a heartbeat, the file's time. Of several that take over from a dead
// owner at the same moment, the last one to write `.owner` has it, which each reads after a while
// (Fischer's algorithm: Lamport, "A fast mutual exclusion algorithm", 1987).
//
// A process that was stopped for longer than `silence` may wake up beside a new owner on another
// machine; see held().
class FolderLock {
 public:
  // The lock on the folder, which is made; or nothing, with who has it in `owner`. Throws
  // Error(kInternal) where the folder can't be made or locked.
  static std::unique_ptr<FolderLock> try_take(const std::filesystem::path& folder,
                                              const LockTimes& times, LockOwner& owner);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();  // leaves the folder, if there is something in it

  bool held() const;  // false: taken over by another machine
  const std::filesystem::path& folder() const noexcept { return folder_; }
  const std::string& token() const noexcept { return token_; }  // of this owner alone

 private:
  explicit FolderLock(std::filesystem::path folder);
  bool lock_here() const;
  bool take(const LockTimes& times, LockOwner& owner);
  bool in_place() const;
  bool own(const LockTimes& times);
  void start_heartbeat(std::chrono::milliseconds period);

  std::filesystem::path folder_;
  std::string token_;
  int descriptor_;       // of the folder, which the kernel's lock is on
  int owner_file_ = -1;  // ours, whatever its name is by now
  std::jthread heartbeat_;
};

}  // namespace sojourn
