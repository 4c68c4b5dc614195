#include "core/run/store_lock.h"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"

namespace sojourn {

namespace fs = std::filesystem;

namespace {

struct Owner {
  LockOwner who;
  std::string kernel;
  std::string token;
  fs::file_time_type heartbeat;
};

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

// Names the running kernel, as host names may be equal (containers): flock reaches all processes of
// one, and none of another.
std::string this_kernel() {
  const fs::path id = "/proc/sys/kernel/random/boot_id";
  return fs::exists(id) ? read_file(id) : host_name();
}

std::string new_token() {
  std::random_device random;  // no result depends on it
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

std::optional<Owner> owner_in(const fs::path& folder) {
  const fs::path file = folder / kOwnerFile;
  try {
    const auto json = nlohmann::json::parse(read_file(file));
    // After the reading: on a network file system, opening brings the time up to date.
    return Owner{{json.at("host").get<std::string>(), json.at("process").get<std::int64_t>()},
                 json.at("kernel").get<std::string>(),
                 json.at("token").get<std::string>(),
                 fs::last_write_time(file)};
  } catch (const std::exception&) {  // gone, or damaged
    return std::nullopt;
  }
}

Error lock_error(const fs::path& folder) {
  return {ErrorKind::kInternal, folder.string(),
          "can't be locked: " + std::generic_category().message(errno)};
}

}  // namespace

std::unique_ptr<FolderLock> FolderLock::try_take(const fs::path& folder, const LockTimes& times,
                                                 LockOwner& owner) {
  make_folders(folder);
  std::unique_ptr<FolderLock> lock(new FolderLock(folder));
  return lock->take(times, owner) ? std::move(lock) : nullptr;
}

FolderLock::FolderLock(fs::path folder)
    : folder_(std::move(folder)),
      descriptor_(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0 && errno != ENOENT) throw lock_error(folder_);
}

FolderLock::~FolderLock() {
  heartbeat_ = {};
  if (owner_file_ >= 0) ::close(owner_file_);
  if (held()) ::unlink((folder_ / kOwnerFile).c_str());
  if (descriptor_ < 0) return;
  if (!token_.empty() && in_place()) ::rmdir(folder_.c_str());  // if it's empty
  ::close(descriptor_);
}

bool FolderLock::held() const {
  const auto owner = token_.empty() ? std::nullopt : owner_in(folder_);
  return owner && owner->token == token_;
}

// The folder may have been removed, and made again, between opening and locking it.
bool FolderLock::in_place() const {
  struct stat opened{};
  struct stat named{};
  return ::fstat(descriptor_, &opened) == 0 && ::stat(folder_.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

bool FolderLock::lock_here() const {
  if (descriptor_ < 0) return false;
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return in_place();
  if (errno != EWOULDBLOCK && errno != EINTR) throw lock_error(folder_);
  return false;
}

bool FolderLock::take(const LockTimes& times, LockOwner& owner) {
  if (lock_here() && own(times)) return true;
  owner = owner_in(folder_).value_or(Owner{}).who;
  return false;
}

// Once it's ours on this machine.
bool FolderLock::own(const LockTimes& times) {
  const std::string token = new_token();
  const fs::path place = folder_ / kOwnerFile;
  const fs::path mine = folder_ / (kOwnerFile + token);
  const nlohmann::json who{
      {"host", host_name()}, {"process", ::getpid()}, {"kernel", this_kernel()}, {"token", token}};
  const std::string text = who.dump() + "\n";
  owner_file_ = ::open(mine.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (owner_file_ < 0 ||
      ::write(owner_file_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw lock_error(folder_);
  if (::link(mine.c_str(), place.c_str()) == 0) {  // there was none
    ::unlink(mine.c_str());
    token_ = token;
  } else {
    const auto former = owner_in(folder_);
    // Both times are of the clock that the file system goes by.
    const auto silent = former ? fs::last_write_time(mine) - former->heartbeat : times.silence;
    if (silent < times.silence && former->kernel != this_kernel()) {
      ::unlink(mine.c_str());
      return false;
    }
    fs::rename(mine, place);
    token_ = token;
    if (silent > times.silence / 2) std::this_thread::sleep_for(times.settle);
    if (!held()) token_.clear();
  }
  if (!token_.empty()) start_heartbeat(times.heartbeat);
  return !token_.empty();
}

// Through the open file: once another owner has replaced it, this does nothing.
void FolderLock::start_heartbeat(std::chrono::milliseconds period) {
  heartbeat_ = std::jthread([file = owner_file_, period](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      wake.wait_for(lock, stop, period, [] { return false; });
      ::futimens(file, nullptr);
    }
  });
}

}  // namespace sojourn
