#include "core/base/log.h"

#include <memory>
#include <utility>
#include <vector>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace sojourn {

namespace {

void use_sinks(std::vector<spdlog::sink_ptr> sinks) {
  auto logger = std::make_shared<spdlog::logger>("sojourn", sinks.begin(), sinks.end());
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

spdlog::sink_ptr terminal() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_level(spdlog::level::warn);
  sink->set_pattern("%l: %v");
  return sink;
}

}  // namespace

void start_log() { use_sinks({terminal()}); }

void log_to_file(const std::filesystem::path& file) {
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string(), /*truncate=*/true);
  sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  use_sinks({terminal(), sink});
}

void stop_log_file() { start_log(); }

}  // namespace sojourn
