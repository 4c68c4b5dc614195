#include "core/base/file_hashes.h"

#include <map>
#include <mutex>
#include <system_error>
#include <tuple>

#include "core/base/hash.h"

namespace sojourn {

std::string file_sha256(const std::filesystem::path& file) {
  static std::mutex mutex;
  static std::map<std::tuple<std::string, std::uintmax_t, std::filesystem::file_time_type>,
                  std::string>
      known;
  std::error_code missing;  // sha256_file() says it better
  const std::tuple key{file.string(), std::filesystem::file_size(file, missing),
                       std::filesystem::last_write_time(file, missing)};
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return found->second;
  }
  std::string digest = sha256_file(file);
  const std::lock_guard lock(mutex);
  return known[key] = std::move(digest);
}

}  // namespace sojourn
