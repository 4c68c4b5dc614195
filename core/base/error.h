// The one exception type that leaves core/. main() turns its kind into an exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace sojourn {

enum class ErrorKind {
  kInput,  // a TOML key, a file, a plugin or an encoder directory isn't what it must be: exit code
           // 2
  kNumeric,  // training diverged: the stage stops, the study goes on, exit code 3
  kPlugin,  // a plugin failed or broke the contract after it was loaded: the stage stops, exit code
            // 3
  kCancelled,  // the user asked to stop: exit code 130
  kInternal,   // a bug in this program, or a machine that fails (a full disk): exit code 1
};

class Error : public std::runtime_error {
 public:
  // `where` says what a reader can open: "configs/nli.toml:12:5", "train.tsv:803", a plugin's file.
  Error(ErrorKind kind, const std::string& where, const std::string& what)
      : std::runtime_error(where + ": " + what), kind_(kind) {}

  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

// Shorthand for the commonest kind.
inline Error input_error(const std::string& where, const std::string& what) {
  return {ErrorKind::kInput, where, what};
}

}  // namespace sojourn
