#include "core/run/output_folder.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <stdio.h>  // renameat2 is the C library's, not the standard's
#include <sys/file.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"

namespace sojourn {

namespace fs = std::filesystem;

namespace {

// "runs/x/" and "runs/x" are one place.
fs::path without_trailing_slash(fs::path path) {
  path = fs::absolute(path).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

void check_replaceable(const fs::path& out) {
  if (!fs::exists(out) ||
      (fs::is_directory(out) && (fs::is_empty(out) || fs::exists(out / "manifest.json"))))
    return;
  throw input_error(
      out.string(),
      "exists and isn't the folder of a run; expected a new name or a run to replace");
}

}  // namespace

OutputFolder::OutputFolder(fs::path out)
    : out_(without_trailing_slash(std::move(out))), partial_(out_) {
  partial_ += ".partial";
  check_replaceable(out_);
  try {
    fs::create_directories(partial_);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::kInternal, partial_.string(),
                "can't be made: " + error.code().message());
  }
  lock_ = ::open(partial_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (lock_ >= 0) ::close(lock_);
    throw input_error(partial_.string(), "another run is writing there");
  }
  for (const auto& entry : fs::directory_iterator(partial_)) fs::remove_all(entry);
}

OutputFolder::~OutputFolder() { ::close(lock_); }

fs::path OutputFolder::path(const fs::path& relative) const {
  fs::create_directories((partial_ / relative).parent_path());
  return partial_ / relative;
}

void OutputFolder::write(const fs::path& relative, std::string_view content) const {
  write_file(path(relative), content);
}

void OutputFolder::publish() {
  if (!fs::exists(out_)) {
    fs::rename(partial_, out_);
    return;
  }
  if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, out_.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) {
      throw Error(ErrorKind::kInternal, out_.string(),
                  "can't be replaced: " + std::generic_category().message(errno));
    }
    fs::remove_all(out_);  // a file system without the exchange
    fs::rename(partial_, out_);
    return;
  }
  fs::remove_all(partial_);
}

fs::path OutputFolder::publish_if_free() {
  if (fs::exists(out_) && !(fs::is_directory(out_) && fs::is_empty(out_))) return partial_;
  publish();
  return out_;
}

}  // namespace sojourn
