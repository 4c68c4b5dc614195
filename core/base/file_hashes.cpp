#include "core/base/file_hashes.h"

#include <compare>
#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <sys/stat.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/log.h"

namespace sojourn {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // in nanoseconds
constexpr std::size_t kDigest = 64;              // hexadecimal digits

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

struct Identity {
  std::string path;  // absolute
  std::uint64_t size = 0;
  std::int64_t modified = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const Identity&) const = default;
};

std::optional<Identity> identity_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return Identity{std::filesystem::absolute(file).string(),
                  static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
                  status.st_ino};
}

// One file on disk for each path, written whole and replaced whole.
std::filesystem::path note_of(const Identity& identity) {
  return cache_directory() / "hashes" / sha256(identity.path);
}

// The digest first, and last a checksum of the rest.
std::string note(const Identity& identity, const std::string& digest) {
  const std::string text = digest + ' ' + std::to_string(identity.size) + ' ' +
                           std::to_string(identity.modified) + ' ' +
                           std::to_string(identity.inode) + ' ' + identity.path + '\n';
  return text + sha256(text) + '\n';
}

std::optional<std::string> noted(const Identity& identity) {
  try {
    const std::string text = read_file(note_of(identity));
    std::string digest = text.substr(0, kDigest);
    if (text == note(identity, digest)) return digest;
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void write_note(const Identity& identity, const std::string& digest) {
  try {
    const auto file = note_of(identity);
    make_folders(file.parent_path());
    write_file(file, note(identity, digest));
  } catch (const Error& error) {
    spdlog::debug("the SHA-256 of {} isn't remembered: {}", identity.path, error.what());
  }
}

}  // namespace

std::string file_sha256(const std::filesystem::path& file) {
  static std::mutex mutex;
  static std::map<Identity, std::string> known;
  const auto identity = identity_of(file);
  if (!identity) return sha256_file(file);  // which says what is wrong
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(*identity); found != known.end()) return found->second;
    if (auto digest = noted(*identity)) return known[*identity] = std::move(*digest);
  }
  const std::int64_t start = now();
  std::string digest = sha256_file(file);
  const std::lock_guard lock(mutex);
  if (start - identity->modified > 2 * kSecond && identity_of(file) == identity)
    write_note(*identity, digest);
  return known[*identity] = std::move(digest);
}

}  // namespace sojourn
