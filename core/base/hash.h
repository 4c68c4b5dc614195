// SHA-256, the name of content everywhere in this program.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sojourn {

using Sha256Digest = std::array<std::uint8_t, 32>;

Sha256Digest sha256_bytes(std::string_view data);

// 64 lower-case hexadecimal digits.
std::string sha256(std::string_view data);

// The same of a file's content, read in pieces. Throws Error(kInput) when it can't be read.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace sojourn
