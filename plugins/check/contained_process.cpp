#include "plugins/check/contained_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sojourn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kGlance = std::chrono::milliseconds(20);  // between two looks at the memory
constexpr std::size_t kLastWords = 4000;

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read = ends[0];
    write = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(read);
    close_write();
  }
  void close_write() {
    if (write >= 0) ::close(write);
    write = -1;
  }
};

// Anonymous memory of a process in bytes; 0 once it is gone.
std::size_t memory_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  constexpr std::string_view kKey = "RssAnon:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kKey)) return std::stoull(line.substr(kKey.size())) * 1024;
  }
  return 0;
}

class ContainedProcess {
 public:
  ContainedProcess(const Contained& program, const ContainedLimits& limits) : limits_(limits) {
    std::fflush(nullptr);  // or the new process would write that, too
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("no new process");
    if (process_ == 0) become(program);
    report_.close_write();
    output_.close_write();
  }
  ContainedProcess(const ContainedProcess&) = delete;
  ContainedProcess& operator=(const ContainedProcess&) = delete;
  ~ContainedProcess() {
    if (process_ > 0) end_it();
  }

  ContainedEnd listen(const std::function<bool(const std::string&)>& on_line) {
    bool finished = false;
    std::string text;
    while (wait_for_input()) {
      if (!read_into(text)) break;
      for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;) {
        if (base_ == 0) base_ = memory_of(process_);
        heard_ = Clock::now();
        finished = on_line(text.substr(0, end)) || finished;
        text.erase(0, end + 1);
      }
    }
    return end_of(finished);
  }

 private:
  // In the new process, which ends here.
  [[noreturn]] void become(const Contained& program) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::dup2(output_.write, STDOUT_FILENO);
    ::dup2(output_.write, STDERR_FILENO);
    try {
      program(report_.write, mark_);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      std::exit(1);
    }
    std::exit(0);
  }

  // Until there is something to read from the pipe, or its end; false where a limit is passed.
  bool wait_for_input() {
    while (true) {
      std::array<pollfd, 2> ends{pollfd{report_.read, POLLIN, 0}, pollfd{output_.read, POLLIN, 0}};
      ::poll(ends.data(), output_open_ ? 2 : 1, static_cast<int>(kGlance.count()));
      if (output_open_ && ends[1].revents != 0) output_open_ = hear_output();
      if (ends[0].revents != 0) return true;
      if (Clock::now() - heard_ > limits_.silence) {
        passed_ = ContainedEnd::How::kTime;
        return false;
      }
      if (base_ > 0 && memory_of(process_) > base_ + limits_.memory) {
        passed_ = ContainedEnd::How::kMemory;
        return false;
      }
    }
  }

  bool read_into(std::string& text) const {
    std::array<char, 4096> buffer;
    const ssize_t n = ::read(report_.read, buffer.data(), buffer.size());
    if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    return n > 0 || (n < 0 && errno == EINTR);
  }

  bool hear_output() {
    std::array<char, 4096> buffer;
    const ssize_t n = ::read(output_.read, buffer.data(), buffer.size());
    if (n > 0) last_words_.append(buffer.data(), static_cast<std::size_t>(n));
    if (last_words_.size() > kLastWords) last_words_.erase(0, last_words_.size() - kLastWords);
    return n > 0;
  }

  int end_it() {
    ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    return status;
  }

  // Waits for a process that has closed its pipe to end, within its time.
  int wait_for_end() {
    int status = 0;
    while (::waitpid(process_, &status, WNOHANG) == 0) {
      if (Clock::now() - heard_ > limits_.silence) {
        passed_ = ContainedEnd::How::kTime;
        return end_it();
      }
      ::usleep(2000);
    }
    process_ = 0;
    return status;
  }

  ContainedEnd end_of(bool finished) {
    const int status = passed_ ? end_it() : wait_for_end();
    ::fcntl(output_.read, F_SETFL, O_NONBLOCK);
    while (output_open_ && hear_output()) {
    }
    ContainedEnd end{ContainedEnd::How::kFinished, 0, std::string(mark_.running()), last_words_};
    if (passed_) {
      end.how = *passed_;
    } else if (WIFSIGNALED(status)) {
      end.how = ContainedEnd::How::kSignal;
      end.number = WTERMSIG(status);
    } else if (!finished || WEXITSTATUS(status) != 0) {
      end.how = ContainedEnd::How::kExit;
      end.number = WEXITSTATUS(status);
    }
    return end;
  }

  ContainedLimits limits_;
  Pipe report_;
  Pipe output_;
  CallbackMark mark_;
  pid_t process_ = 0;
  bool output_open_ = true;
  std::size_t base_ = 0;
  Clock::time_point heard_ = Clock::now();
  std::optional<ContainedEnd::How> passed_;
  std::string last_words_;
};

}  // namespace

ContainedEnd run_contained(const Contained& program, const ContainedLimits& limits,
                           const std::function<bool(const std::string&)>& on_line) {
  return ContainedProcess(program, limits).listen(on_line);
}

}  // namespace sojourn
