#include "core/model/safetensors.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json_object.h"

namespace sojourn {

namespace {

using Json = nlohmann::json;
using Entry = SafetensorsFile::Entry;

constexpr std::uint64_t kLengthField = 8;
constexpr std::uint64_t kLargestHeader = 100'000'000;  // as in the reference library
constexpr std::size_t kLargestRank = 64;  // what LibTorch's operations can iterate over
constexpr int kHeaderDepth = 3;           // header, tensor, shape
constexpr const char* kMetadata = "__metadata__";

struct NamedType {
  std::string_view name;
  at::ScalarType type;
};
constexpr std::array<NamedType, 10> kTypes = {{{"F32", at::kFloat},
                                               {"F16", at::kHalf},
                                               {"BF16", at::kBFloat16},
                                               {"F64", at::kDouble},
                                               {"I64", at::kLong},
                                               {"I32", at::kInt},
                                               {"I16", at::kShort},
                                               {"I8", at::kChar},
                                               {"U8", at::kByte},
                                               {"BOOL", at::kBool}}};

// The header's text. Its length comes first, in 8 bytes, little-endian.
std::string_view header_text(const MappedFile& map, const std::string& where) {
  const std::string_view text = map.text();
  if (text.size() < kLengthField) {
    throw input_error(where, "found a file of " + std::to_string(text.size()) +
                                 " bytes, expected the 8 of a safetensors header's length");
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthField; i-- > 0;) {
    length = length << 8U | static_cast<unsigned char>(text[i]);
  }
  const std::uint64_t room = std::min(text.size() - kLengthField, kLargestHeader);
  if (length > room) {
    throw input_error(where, "the safetensors header claims " + std::to_string(length) +
                                 " bytes, expected at most " + std::to_string(room) +
                                 (room == kLargestHeader ? "" : ", the rest of the file"));
  }
  return text.substr(kLengthField, static_cast<std::size_t>(length));
}

// Reads what the header says of one tensor; its errors name file and tensor.
class EntryReader {
 public:
  EntryReader(const std::string& where, const std::string& name, const Json& json)
      : where_(where), name_(name), json_(json) {
    if (!json.is_object())
      throw error(std::string("found ") + json.type_name() + ", expected an object");
  }

  // `data_start` and `data_bytes`: place and size, in the file, of what the offsets count in.
  Entry read(std::uint64_t data_start, std::uint64_t data_bytes) const {
    const at::ScalarType type = read_type();
    auto shape = read_numbers("shape");
    if (shape.size() > kLargestRank) {
      throw error("found a shape of " + std::to_string(shape.size()) +
                  " dimensions, expected at most " + std::to_string(kLargestRank));
    }
    const auto offsets = read_numbers("data_offsets");
    if (offsets.size() != 2) {
      throw error("found " + std::to_string(offsets.size()) + " data_offsets, expected 2");
    }
    const auto begin = static_cast<std::uint64_t>(offsets[0]);
    const auto end = static_cast<std::uint64_t>(offsets[1]);
    const std::string found = "data_offsets " + json_["data_offsets"].dump();
    if (begin > end) throw error("found " + found + ", expected the end not before the begin");
    if (end > data_bytes) {
      throw error("found " + found + ", expected an end within the " + std::to_string(data_bytes) +
                  " bytes of data in the file (is it truncated?)");
    }
    const std::uint64_t expected = bytes_of(shape, at::elementSize(type));
    if (end - begin != expected) {
      throw error("found " + std::to_string(end - begin) + " bytes (" + found + "), expected " +
                  std::to_string(expected) + " for " + json_["dtype"].get<std::string>() +
                  " of shape " + json_["shape"].dump());
    }
    return {type, std::move(shape), data_start + begin, expected};
  }

 private:
  Error error(const std::string& what) const {
    return input_error(where_, "tensor " + shown(name_) + ": " + what);
  }

  const Json& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) throw error(std::string("found no '") + key + "', expected one");
    return *found;
  }

  at::ScalarType read_type() const {
    const Json& dtype = at("dtype");
    if (!dtype.is_string()) {
      throw error(std::string("'dtype': found ") + dtype.type_name() + ", expected a string");
    }
    const auto& name = dtype.get_ref<const std::string&>();
    const auto* const type = std::ranges::find(kTypes, name, &NamedType::name);
    if (type != kTypes.end()) return type->type;
    std::string known;
    for (const auto& each : kTypes) known += (known.empty() ? "" : ", ") + std::string(each.name);
    throw error("found dtype " + shown(name) + ", expected one of " + known);
  }

  std::vector<std::int64_t> read_numbers(const char* key) const {
    const Json& array = at(key);
    if (!array.is_array()) {
      throw error(std::string("'") + key + "': found " + array.type_name() + ", expected an array");
    }
    std::vector<std::int64_t> numbers;
    for (const Json& number : array) {
      constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
      if (!number.is_number_unsigned() || number.get<std::uint64_t>() > kLargest) {
        throw error(std::string("'") + key + "': found " + shown(number.dump()) +
                    ", expected whole numbers from 0 to " + std::to_string(kLargest));
      }
      numbers.push_back(number.get<std::int64_t>());
    }
    return numbers;
  }

  // Dimensions of 0 count as 1 in the check for overflow, for strides are products without them.
  std::uint64_t bytes_of(const std::vector<std::int64_t>& shape, std::uint64_t item) const {
    std::int64_t product = static_cast<std::int64_t>(item);
    bool empty = false;
    for (const std::int64_t size : shape) {
      empty = empty || size == 0;
      if (__builtin_mul_overflow(product, std::max<std::int64_t>(size, 1), &product)) {
        throw error("found shape " + json_["shape"].dump() +
                    ", expected one whose size in bytes fits into 64 bits");
      }
    }
    return empty ? 0 : static_cast<std::uint64_t>(product);
  }

  const std::string& where_;
  const std::string& name_;
  const Json& json_;
};

std::map<std::string, std::string> read_metadata(const Json& metadata, const std::string& where) {
  if (!metadata.is_object()) {
    throw input_error(where, std::string("'__metadata__': found ") + metadata.type_name() +
                                 ", expected an object of strings");
  }
  std::map<std::string, std::string> strings;
  for (const auto& [key, value] : metadata.items()) {
    if (!value.is_string()) {
      throw input_error(where, "'__metadata__': found " + std::string(value.type_name()) +
                                   " under " + shown(key) + ", expected a string");
    }
    strings.emplace(key, value.get<std::string>());
  }
  return strings;
}

// Throws unless the tensors fill [start, end) of the file one after the other.
void check_coverage(const std::map<std::string, Entry>& entries, std::uint64_t start,
                    std::uint64_t end, const std::string& where) {
  std::vector<std::pair<const std::string*, const Entry*>> order;
  order.reserve(entries.size());
  for (const auto& [name, entry] : entries) order.emplace_back(&name, &entry);
  std::ranges::sort(order, {}, [](const auto& item) {
    return std::pair(item.second->offset, item.second->bytes);
  });
  std::uint64_t next = start;
  for (const auto& [name, entry] : order) {
    if (entry->offset != next) {
      throw input_error(where, "tensor " + shown(*name) + ": found its data at byte " +
                                   std::to_string(entry->offset - start) + ", expected " +
                                   std::to_string(next - start) + ": " +
                                   (entry->offset < next ? "tensors overlap" : "a gap before it"));
    }
    next += entry->bytes;
  }
  if (next != end) {
    throw input_error(where, "found " + std::to_string(end - next) +
                                 " bytes after the last tensor, expected none");
  }
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file)
    : path_(file), map_(std::make_shared<const MappedFile>(file)) {
  const std::string where = file.string();
  const std::string_view text = header_text(*map_, where);
  const Json header = parse_json_object(text, where + " (safetensors header)", kHeaderDepth);
  const std::uint64_t start = kLengthField + text.size();
  const std::uint64_t end = map_->bytes().size();
  for (const auto& [name, json] : header.items()) {
    if (name == kMetadata) {
      metadata_ = read_metadata(json, where);
    } else {
      entries_.emplace(name, EntryReader(where, name, json).read(start, end - start));
    }
  }
  check_coverage(entries_, start, end, where);
}

at::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw input_error(path_.string(), "found no tensor " + shown(name) + ", expected one");
  }
  const Entry& entry = found->second;
  const auto bytes = map_->bytes().subspan(static_cast<std::size_t>(entry.offset),
                                           static_cast<std::size_t>(entry.bytes));
  // A bool of any other value would be undefined behaviour for whoever reads it.
  const auto is_bool = [](std::byte b) { return b <= std::byte{1}; };
  if (entry.type == at::kBool && !std::ranges::all_of(bytes, is_bool)) {
    throw input_error(path_.string(),
                      "tensor " + shown(name) + ": found a BOOL that is neither 0 nor 1");
  }
  const auto options = at::TensorOptions().device(at::kCPU).dtype(entry.type);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % at::elementSize(entry.type) != 0) {
    at::Tensor copy = at::empty(entry.shape, options);
    if (!bytes.empty()) std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
    return copy;
  }
  auto* const data = const_cast<std::byte*>(bytes.data());  // from_blob knows no read-only memory
  return at::from_blob(data, entry.shape, [map = map_](void*) {}, options);
}

namespace {

// The header's length and JSON, padded with spaces so that the data begins at a multiple of 8.
struct WrittenHeader {
  std::string text;
  std::uint64_t data_bytes = 0;  // what follows
};

WrittenHeader written_header(const std::vector<TensorSource>& tensors,
                             const std::map<std::string, std::string>& metadata,
                             const std::string& where) {
  nlohmann::ordered_json header;
  header[kMetadata] = {{"format", "pt"}};
  for (const auto& [key, value] : metadata) header[kMetadata][key] = value;
  std::set<std::string> names{kMetadata};
  std::uint64_t begin = 0;
  for (const auto& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      throw Error(ErrorKind::kInternal, where,
                  "the name " + shown(tensor.name) + " can't be written twice");
    }
    std::uint64_t end = at::elementSize(tensor.type);
    for (const std::int64_t size : tensor.shape) end *= static_cast<std::uint64_t>(size);
    end += begin;
    header[tensor.name] = {
        {"dtype", std::ranges::find(kTypes, tensor.type, &NamedType::type)->name},
        {"shape", tensor.shape},
        {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string length;
  for (std::size_t i = 0; i < kLengthField; ++i) {
    length.push_back(static_cast<char>(static_cast<std::uint64_t>(text.size()) >> (8 * i) & 0xFFU));
  }
  return {length + text, begin};
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, const std::vector<TensorSource>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const WrittenHeader header = written_header(tensors, metadata, file.string());
  AtomicFile out(file, header.text.size() + header.data_bytes);
  out.write(header.text);
  for (const auto& source : tensors) {
    const at::Tensor value = source.value();
    if (value.sizes() != at::IntArrayRef(source.shape) || value.scalar_type() != source.type ||
        !value.is_contiguous() || !value.is_cpu()) {
      throw Error(ErrorKind::kInternal, file.string(),
                  "tensor " + shown(source.name) +
                      " isn't contiguous on the CPU, of the type and shape announced");
    }
    out.write({reinterpret_cast<const char*>(value.const_data_ptr()), value.nbytes()});
  }
  out.commit();
}

}  // namespace sojourn
