#include "core/base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace sojourn {

namespace {

std::string system_reason() { return std::strerror(errno); }  // NOLINT(concurrency-mt-unsafe)

// size: of what is to be in the file, as far as it is known.
Error not_written(const std::filesystem::path& file, std::uintmax_t size) {
  std::string what = "can't be written: " + system_reason();
  std::error_code unknown;
  const std::filesystem::space_info space =
      std::filesystem::space(std::filesystem::absolute(file).parent_path(), unknown);
  if (size > 0) what += "; needs at least " + bytes_text(size);
  if (size > 0 && !unknown) what += ", " + bytes_text(space.available) + " are free there";
  return {ErrorKind::kInternal, file.string(), what};
}

bool cant_be_linked(int error) {
  return error == EXDEV || error == EPERM || error == EMLINK || error == ENOSYS ||
         error == EOPNOTSUPP;
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    throw input_error(file.string(), "can't be opened for reading");
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw input_error(file.string(), "can't be read");
  return content;
}

void write_file(const std::filesystem::path& file, std::string_view content) {
  AtomicFile out(file);
  out.write(content);
  out.commit();
}

AtomicFile::AtomicFile(std::filesystem::path file, std::uintmax_t bytes)
    : file_(std::move(file)), temporary_(file_), bytes_(bytes) {
  temporary_ += ".tmp." + std::to_string(::getpid());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw write_error();
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

Error AtomicFile::write_error() const { return not_written(file_, std::max(bytes_, written_)); }

void AtomicFile::write(std::string_view bytes) {
  written_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw write_error();
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) throw write_error();
  ::close(descriptor_);
  descriptor_ = -1;
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) {
    const Error error = write_error();
    ::unlink(temporary_.c_str());
    throw error;
  }
  sync_to_disk(file_.has_parent_path() ? file_.parent_path() : ".");
}

void make_folders(const std::filesystem::path& folder) {
  if (folder.empty() || std::filesystem::is_directory(folder)) return;
  make_folders(folder.parent_path());
  if (::mkdir(folder.c_str(), 0777) != 0) {
    const std::string reason = system_reason();
    if (!std::filesystem::is_directory(folder))  // another process may have made it
      throw Error(ErrorKind::kInternal, folder.string(), "can't be made: " + reason);
  }
  sync_to_disk(folder.has_parent_path() ? folder.parent_path() : ".");
}

void sync_to_disk(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && (::fsync(descriptor) == 0 ||
                                          errno == EINVAL);  // a file system that syncs no folders
  const std::string reason = system_reason();
  if (descriptor >= 0) ::close(descriptor);
  if (synced) return;
  std::error_code folder;
  const std::uintmax_t size = std::filesystem::file_size(path, folder);
  throw Error(
      ErrorKind::kInternal, path.string(),
      "can't be brought to the disk: " + reason + (folder ? "" : "; needs " + bytes_text(size)));
}

void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::filesystem::is_directory(from)) {
    make_folders(to);
    for (const auto& entry : std::filesystem::directory_iterator(from))
      link_or_copy(entry.path(), to / entry.path().filename());
    return;
  }
  if (::link(from.c_str(), to.c_str()) == 0) return;
  if (!cant_be_linked(errno)) {
    throw Error(ErrorKind::kInternal, to.string(),
                "can't be linked to " + from.string() + ": " + system_reason());
  }
  const MappedFile content(from);
  write_file(to, content.text());
}

MappedFile::MappedFile(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw input_error(file.string(), "can't be opened for reading: " + system_reason());
  struct stat status{};
  void* mapped = nullptr;
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (regular && status.st_size > 0) {
    size_ = static_cast<std::size_t>(status.st_size);
    mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  }
  ::close(descriptor);
  if (!regular) throw input_error(file.string(), "isn't a regular file");
  if (mapped == MAP_FAILED) throw input_error(file.string(), "can't be mapped: " + system_reason());
  data_ = static_cast<const std::byte*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr)
    ::munmap(const_cast<std::byte*>(data_), size_);  // munmap takes a mutable pointer
}

std::string_view MappedFile::text() const noexcept {
  return {reinterpret_cast<const char*>(data_), size_};
}

std::filesystem::path cache_directory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return std::filesystem::path(cache) / "sojourn";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : "/tmp") / ".cache" / "sojourn";
}

}  // namespace sojourn
