#include "core/run/event_file.h"

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace sojourn {

namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little);  // as the format has its numbers

// CRC-32C (Castagnoli), bit by bit: records are few and short.
std::uint32_t crc32c(std::string_view data) {
  std::uint32_t crc = ~0U;
  for (const char c : data) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

// As TFRecord stores it, so that the checksum of data with checksums in it isn't weak.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U; }

template <class T>
std::string bytes(T value) {
  std::string text(sizeof value, '\0');
  std::memcpy(text.data(), &value, sizeof value);
  return text;
}

std::string varint(std::uint64_t value) {
  std::string text;
  while (value >= 0x80U) {
    text += static_cast<char>((value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  return text + static_cast<char>(value);
}

// Fields of protocol buffers, by wire type.
std::string key(std::uint64_t field, std::uint64_t type) { return varint((field << 3U) | type); }
std::string double_field(std::uint64_t field, double value) { return key(field, 1) + bytes(value); }
std::string float_field(std::uint64_t field, float value) { return key(field, 5) + bytes(value); }
std::string integer_field(std::uint64_t field, std::int64_t value) {
  return key(field, 0) + varint(static_cast<std::uint64_t>(value));
}
std::string bytes_field(std::uint64_t field, const std::string& value) {
  return key(field, 2) + varint(value.size()) + value;
}

// tensorflow.Event: wall_time = 1, step = 2, file_version = 3, summary = 5.
std::string event_now() {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return double_field(1, now.count());
}

// tensorflow.Summary.Value in a Summary: tag = 1, simple_value = 2.
std::string scalar(const std::string& tag, double value) {
  return bytes_field(1, bytes_field(1, tag) + float_field(2, static_cast<float>(value)));
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& file) : name_(file) {
  std::filesystem::create_directories(file.parent_path());
  out_.open(file, std::ios::binary | std::ios::trunc);
  write_event(event_now() + bytes_field(3, "brain.Event:2"));
}

void EventFile::add(std::string_view curve) {
  std::istringstream lines{std::string(curve)};
  for (std::string line; std::getline(lines, line);) {
    const Json point = Json::parse(line);
    std::string summary;
    for (const auto& [name, value] : point.items()) {
      if (name == "step" || !value.is_number()) continue;
      const bool of_task = name == "loss" && point.contains("task");
      summary += scalar(of_task ? "loss/" + point.at("task").get<std::string>() : name,
                        value.get<double>());
    }
    write_event(event_now() + integer_field(2, point.at("step").get<std::int64_t>()) +
                bytes_field(5, summary));
  }
}

void EventFile::write_event(const std::string& event) {
  const std::string length = bytes(static_cast<std::uint64_t>(event.size()));
  out_ << length << bytes(masked(crc32c(length))) << event << bytes(masked(crc32c(event)))
       << std::flush;
  if (!out_) {
    throw Error(ErrorKind::kInternal, name_.string(),
                std::string("can't be written: ") + std::strerror(errno));
  }
}

}  // namespace sojourn
