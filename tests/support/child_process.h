// A process beside the test's, for what only several processes show.
#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

namespace sojourn {

// Runs `action(say)`, where say(text) sends text to output() and text_once_said(). Killed with the
// object.
class ChildProcess {
 public:
  template <typename Action>
  explicit ChildProcess(const Action& action) {
    int ends[2];  // NOLINT(modernize-avoid-c-arrays): as pipe() has it
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    process_ = ::fork();
    if (process_ != 0) {
      ::close(ends[1]);
      from_ = ends[0];
      return;
    }
    ::close(ends[0]);
    const auto say = [to = ends[1]](std::string_view text) {
      if (::write(to, text.data(), text.size()) < 0) ::_exit(2);
    };
    try {
      action(say);
    } catch (const std::exception& error) {
      say(error.what());
    }
    ::_exit(0);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    kill();
    ::close(from_);
  }

  // Waits until the process said something, and returns it.
  std::string text_once_said() const {
    std::string text(4096, '\0');
    const ssize_t n = ::read(from_, text.data(), text.size());
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }

  // All that it says until it ends.
  std::string output() const {
    std::string all;
    for (std::string text; !(text = text_once_said()).empty();) all += text;
    return all;
  }

  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  pid_t id() const { return process_; }

 private:
  pid_t process_ = 0;
  int from_ = -1;
};

}  // namespace sojourn
