// The log: every line to a run's log.txt, warnings and notices to the terminal too.
#pragma once

#include <filesystem>

#include <spdlog/spdlog.h>

namespace sojourn {

// Starts the log of a process: warnings and errors to standard error.
void start_log();

// From now on, everything goes to `file` too; the former file, if any, is closed.
void log_to_file(const std::filesystem::path& file);

// Logs to the terminal only again, and closes the file.
void stop_log_file();

}  // namespace sojourn
