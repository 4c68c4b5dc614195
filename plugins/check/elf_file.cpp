#include "plugins/check/elf_file.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include <elf.h>

#include "core/base/error.h"
#include "core/base/file.h"

namespace sojourn {

namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
#error "which processor is this?"
#endif

// Bytes of a file, of which every read is checked.
class Reader {
 public:
  Reader(const std::filesystem::path& file, std::string_view bytes)
      : where_(file.string()), bytes_(bytes) {}

  [[noreturn]] void refuse(const std::string& what) const { throw input_error(where_, what); }

  template <typename T>
  T at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) refuse("is cut off");
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }

  std::string text(std::uint64_t offset) const {
    const std::size_t end = offset < bytes_.size() ? bytes_.find('\0', offset) : bytes_.npos;
    if (end == std::string_view::npos) refuse("has a name that is cut off");
    return std::string(bytes_.substr(offset, end - offset));
  }

 private:
  std::string where_;
  std::string_view bytes_;
};

Elf64_Ehdr read_header(const Reader& reader) {
  const auto header = reader.at<Elf64_Ehdr>(0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64) reader.refuse("is no 64-bit library");
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) reader.refuse("is of another byte order");
  if (header.e_type != ET_DYN) reader.refuse("is no shared library");
  if (header.e_machine != kMachine) {
    reader.refuse("is for processor " + std::to_string(header.e_machine) + ", this one is " +
                  std::to_string(kMachine));
  }
  return header;
}

std::optional<Elf64_Shdr> section(const Reader& reader, const Elf64_Ehdr& header,
                                  std::uint32_t type) {
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto found =
        reader.at<Elf64_Shdr>(header.e_shoff + std::uint64_t{i} * sizeof(Elf64_Shdr));
    if (found.sh_type == type) return found;
  }
  return std::nullopt;
}

// Where the strings of a section are.
std::uint64_t strings_of(const Reader& reader, const Elf64_Ehdr& header, const Elf64_Shdr& of) {
  if (of.sh_link >= header.e_shnum) reader.refuse("has no names");
  return reader.at<Elf64_Shdr>(header.e_shoff + std::uint64_t{of.sh_link} * sizeof(Elf64_Shdr))
      .sh_offset;
}

}  // namespace

ElfFile read_elf(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const Reader reader(file, mapped.text());
  if (!mapped.text().starts_with("\x7F"
                                 "ELF"))
    reader.refuse("is no shared library");
  const Elf64_Ehdr header = read_header(reader);
  ElfFile elf;
  if (const auto dynamic = section(reader, header, SHT_DYNAMIC)) {
    const std::uint64_t strings = strings_of(reader, header, *dynamic);
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->sh_size;
         at += sizeof(Elf64_Dyn)) {
      const auto entry = reader.at<Elf64_Dyn>(dynamic->sh_offset + at);
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED) elf.needed.push_back(reader.text(strings + entry.d_un.d_val));
    }
  } else {
    reader.refuse("has no dynamic section");
  }
  const auto symbols = section(reader, header, SHT_DYNSYM);
  if (!symbols) reader.refuse("has no table of symbols");
  const std::uint64_t strings = strings_of(reader, header, *symbols);
  for (std::uint64_t at = sizeof(Elf64_Sym); at + sizeof(Elf64_Sym) <= symbols->sh_size;
       at += sizeof(Elf64_Sym)) {
    const auto symbol = reader.at<Elf64_Sym>(symbols->sh_offset + at);
    const unsigned binding = ELF64_ST_BIND(symbol.st_info);
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (binding == STB_LOCAL || ELF64_ST_TYPE(symbol.st_info) == STT_SECTION) continue;
    if (symbol.st_shndx == SHN_UNDEF) {
      elf.undefined.push_back(reader.text(strings + symbol.st_name));
    } else if (visibility == STV_DEFAULT || visibility == STV_PROTECTED) {
      elf.exported.push_back(reader.text(strings + symbol.st_name));
    }
  }
  std::sort(elf.exported.begin(), elf.exported.end());
  std::sort(elf.undefined.begin(), elf.undefined.end());
  return elf;
}

}  // namespace sojourn
