// What a shared library needs and exports, read without loading it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sojourn {

struct ElfFile {
  std::vector<std::string> needed;     // names of libraries
  std::vector<std::string> exported;   // symbols that others can use, sorted
  std::vector<std::string> undefined;  // symbols that others must have, sorted
};

// Reads the dynamic section of a 64-bit ELF shared library. Throws Error(kInput) at the file for
// anything else, such as one for another processor, or one that is cut off.
ElfFile read_elf(const std::filesystem::path& file);

}  // namespace sojourn
