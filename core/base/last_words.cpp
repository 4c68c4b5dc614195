#include "core/base/last_words.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace sojourn {

namespace {

// Written by the main thread, and read by one that ends the process: at worst half a name is shown.
std::array<char, 512> g_stage{};
std::array<char, 4096> g_file{};

template <std::size_t N>
void keep(std::array<char, N>& place, const char* text) noexcept {
  std::strncpy(place.data(), text, N - 1);
}

void write_all(int file, const char* text, std::size_t n) noexcept {
  while (n > 0) {
    const ssize_t written = ::write(file, text, n);
    if (written <= 0) return;
    text += written;
    n -= static_cast<std::size_t>(written);
  }
}

}  // namespace

CurrentStage::CurrentStage(const char* stage) noexcept { keep(g_stage, stage); }
CurrentStage::~CurrentStage() { keep(g_stage, ""); }
void set_last_words_file(const char* path) noexcept { keep(g_file, path); }

void write_last_words(std::initializer_list<const char*> parts) noexcept {
  std::array<char, 2048> line;
  std::size_t n = 0;
  const auto add = [&](const char* text) {
    const std::size_t length = std::min(std::strlen(text), line.size() - 1 - n);
    std::memcpy(line.data() + n, text, length);
    n += length;
  };
  add("error: ");
  for (const char* part : parts) add(part);
  if (g_stage[0] != '\0') {
    add(", in stage ");
    add(g_stage.data());
    add("; what was finished is kept, and the same command goes on from there");
  }
  line[n++] = '\n';
  write_all(STDERR_FILENO, line.data(), n);
  if (g_file[0] == '\0') return;
  const int file = ::open(g_file.data(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return;
  write_all(file, line.data(), n);
  ::close(file);
}

}  // namespace sojourn
