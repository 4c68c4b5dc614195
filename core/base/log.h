// The log: every line to a run's log.txt, warnings and notices to the terminal too.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <spdlog/spdlog.h>

namespace sojourn {

// Starts the log of a process: warnings and errors to standard error.
void start_log();

// From now on, everything goes to `file` too; the former file, if any, is closed.
void log_to_file(const std::filesystem::path& file);

// Logs to the terminal only again, and closes the file.
void stop_log_file();

struct LogLine {
  spdlog::level::level_enum level = spdlog::level::info;
  std::string text;
  bool operator==(const LogLine&) const = default;
};

// While it exists, lines of the level info and above are kept here and go nowhere else.
class CapturedLog {
 public:
  CapturedLog();
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog();

  std::vector<LogLine> lines() const;  // those that are equal once

 private:
  class Sink;
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<spdlog::logger> former_;
};

}  // namespace sojourn
