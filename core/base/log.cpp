#include "core/base/log.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/base/last_words.h"

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
  set_last_words_file(file.c_str());
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string(), /*truncate=*/true);
  sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  use_sinks({terminal(), sink});
}

void stop_log_file() {
  set_last_words_file("");
  start_log();
}

class CapturedLog::Sink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<LogLine> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    LogLine line{message.level, {message.payload.data(), message.payload.size()}};
    if (std::find(lines_.begin(), lines_.end(), line) == lines_.end())
      lines_.push_back(std::move(line));
  }
  void flush_() override {}

  std::vector<LogLine> lines_;
};

CapturedLog::CapturedLog() : sink_(std::make_shared<Sink>()), former_(spdlog::default_logger()) {
  sink_->set_level(spdlog::level::info);
  use_sinks({sink_});
}

CapturedLog::~CapturedLog() { spdlog::set_default_logger(former_); }

std::vector<LogLine> CapturedLog::lines() const { return sink_->lines(); }

}  // namespace sojourn
