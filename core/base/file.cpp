#include "core/base/file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"

namespace sojourn {

namespace {

std::string system_reason() { return std::strerror(errno); }  // NOLINT(concurrency-mt-unsafe)

Error write_error(const std::filesystem::path& file) {
  return {ErrorKind::kInternal, file.string(), "can't be written: " + system_reason()};
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

AtomicFile::AtomicFile(std::filesystem::path file) : file_(std::move(file)), temporary_(file_) {
  temporary_ += ".tmp." + std::to_string(::getpid());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw write_error(file_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw write_error(file_);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) throw write_error(file_);
  ::close(descriptor_);
  descriptor_ = -1;
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) {
    const Error error = write_error(file_);
    ::unlink(temporary_.c_str());
    throw error;
  }
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
