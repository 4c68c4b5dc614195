// Feeds targets with inputs that it changes at random, and keeps those that reach code which none
// reached before (a small libFuzzer; the targets are compiled with -fsanitize-coverage=trace-pc).
//
//   sojourn_fuzz [--seconds N] [--seed N] [--keep DIR] [TARGET..]   fuzz all targets, or these
//   sojourn_fuzz --replay FILE TARGET                               one input again
//
// An input at which a target crashes, hangs for 10 s, or throws what it shouldn't is left in DIR
// (the current folder) as TARGET.crash, and the exit code isn't 0.
#include <algorithm>
#include <bitset>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace {

using sojourn::fuzz::Target;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPlaces = 1 << 16;
constexpr std::size_t kMostBytes = 1024;
std::bitset<kPlaces> g_reached;  // places in the code, by their addresses' hashes
bool g_new_place = false;

std::string g_input;
std::string g_crash_file;

// Whatever state the process is in.
void keep_input() {
  const int file = ::open(g_crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  const bool whole =
      ::write(file, g_input.data(), g_input.size()) == static_cast<ssize_t>(g_input.size());
  ::close(file);
  const char* words = whole ? "fuzz: the input is in " : "fuzz: part of the input is in ";
  if (::write(STDERR_FILENO, words, std::strlen(words)) > 0 &&
      ::write(STDERR_FILENO, g_crash_file.data(), g_crash_file.size()) > 0)
    ::write(STDERR_FILENO, "\n", 1);
}

void on_signal(int signal) {
  keep_input();
  std::signal(signal, SIG_DFL);
  std::raise(signal == SIGALRM ? SIGKILL : signal);
}

void watch(const Target& target, const std::string& folder) {
  g_crash_file = folder + "/" + target.name + ".crash";
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(&keep_input);
#else
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    std::signal(signal, &on_signal);
#endif
  std::signal(SIGALRM, &on_signal);
}

class Mutator {
 public:
  Mutator(const Target& target, std::uint64_t seed) : target_(&target), random_(seed) {
    corpus_ = target.seeds;
  }

  std::string next() {
    std::string bytes = pick(corpus_);
    for (std::size_t n = 1 + below(4); n > 0; --n) change(bytes);
    bytes.resize(std::min(bytes.size(), kMostBytes));
    return bytes;
  }
  void keep(std::string bytes) { corpus_.push_back(std::move(bytes)); }
  std::size_t size() const { return corpus_.size(); }
  const std::vector<std::string>& corpus() const { return corpus_; }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  const std::string& pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

  void change(std::string& bytes) {
    const std::size_t at = below(bytes.size() + 1);
    switch (below(8)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random_());
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.insert(at, 1, static_cast<char>(random_()));
        break;
      case 3:
        bytes.erase(at, 1 + below(8));
        break;
      case 4:
        bytes.insert(at, pick(target_->words));
        break;
      case 5: {  // part of itself again, elsewhere
        const std::string part = bytes.substr(below(bytes.size() + 1), 1 + below(32));
        bytes.insert(at, part);
        break;
      }
      case 6: {  // the end of another one
        const std::string& other = pick(corpus_);
        bytes = bytes.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default:
        bytes.resize(at);
    }
  }

  const Target* target_;
  std::mt19937_64 random_;
  std::vector<std::string> corpus_;
};

void run(const Target& target, const std::string& input) {
  g_input = input;
  ::alarm(10);
  try {
    target.run(g_input);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fuzz %s: %s\n", target.name, error.what());
    keep_input();
    std::exit(1);
  }
  ::alarm(0);
}

void fuzz(const Target& target, double seconds, std::uint64_t seed, const std::string& folder) {
  watch(target, folder);
  g_reached.reset();
  Mutator mutator(target, seed);
  for (const auto& input : target.seeds) run(target, input);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::uint64_t runs = 0;
  while (Clock::now() < end) {
    for (int i = 0; i < 64; ++i, ++runs) {
      const std::string input = mutator.next();
      g_new_place = false;
      run(target, input);
      if (g_new_place) mutator.keep(input);
    }
  }
  std::printf("%-12s %10llu runs, %6zu places in the code, %5zu inputs kept\n", target.name,
              static_cast<unsigned long long>(runs), g_reached.count(), mutator.size());
  if (runs == 0 || g_reached.count() < 20) {
    std::fprintf(stderr, "fuzz %s: it reaches next to nothing\n", target.name);
    std::exit(1);
  }
}

}  // namespace

// Called at every edge of what is compiled with -fsanitize-coverage=trace-pc.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" void __sanitizer_cov_trace_pc() {
  const auto place =
      reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) * 0x9E3779B97F4A7C15U >> 48U;
  if (g_reached[place]) return;
  g_reached[place] = true;
  g_new_place = true;
}

int main(int argc, char** argv) {
  double seconds = 60;
  std::uint64_t seed = 1;
  std::string folder = ".";
  std::string replay;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const bool has_value = i + 1 < argc;
    if (option == "--seconds" && has_value) {
      seconds = std::stod(argv[++i]);
    } else if (option == "--seed" && has_value) {
      seed = std::stoull(argv[++i]);
    } else if (option == "--keep" && has_value) {
      folder = argv[++i];
    } else if (option == "--replay" && has_value) {
      replay = argv[++i];
    } else {
      names.push_back(option);
    }
  }
  std::vector<Target> targets;
  for (auto& group : {sojourn::fuzz::reader_targets(), sojourn::fuzz::manifest_targets(),
                      sojourn::fuzz::operation_targets()}) {
    for (const auto& target : group) {
      if (names.empty() || std::find(names.begin(), names.end(), target.name) != names.end())
        targets.push_back(target);
    }
  }
  if (targets.empty() || (!replay.empty() && targets.size() != 1)) {
    std::fprintf(stderr, "usage: sojourn_fuzz [--seconds N] [--seed N] [--keep DIR] [TARGET..]\n");
    return 2;
  }
  if (!replay.empty()) {
    std::ifstream file(replay, std::ios::binary);
    run(targets.front(), {std::istreambuf_iterator<char>(file), {}});
    return 0;
  }
  for (const auto& target : targets)
    fuzz(target, seconds / static_cast<double>(targets.size()), seed, folder);
  return 0;
}
