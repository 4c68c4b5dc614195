#include "core/data/feature_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/hash.h"

namespace sojourn {

namespace {

constexpr std::string_view kMagic = "sojourn features 1\n";

std::int64_t count_of(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

template <typename T>
void put(std::string& bytes, const std::vector<T>& values) {
  const std::uint64_t n = values.size();
  bytes.append(reinterpret_cast<const char*>(&n), sizeof n);
  if (n > 0) bytes.append(reinterpret_cast<const char*>(values.data()), n * sizeof(T));
}

template <typename T>
bool take(std::string_view& bytes, std::vector<T>& values) {
  std::uint64_t n = 0;
  if (bytes.size() < sizeof n) return false;
  bytes.copy(reinterpret_cast<char*>(&n), sizeof n);
  bytes.remove_prefix(sizeof n);
  if (bytes.size() / sizeof(T) < n) return false;
  values.resize(n);
  bytes.copy(reinterpret_cast<char*>(values.data()), n * sizeof(T));
  bytes.remove_prefix(n * sizeof(T));
  return true;
}

template <typename T>
void extend(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

FeatureTable::FeatureTable(const std::vector<FieldSpec>& fields, std::string where)
    : fields_(fields), where_(std::move(where)), columns_(fields.size()) {}

void FeatureTable::check(std::span<const ArrayView> fields) const {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::kPlugin, where_, "featurize: " + what);
  };
  if (example_starts_.empty()) fail("a feature before any example");
  if (fields.size() != fields_.size()) {
    fail("emitted " + std::to_string(fields.size()) + " fields, the manifest has " +
         std::to_string(fields_.size()));
  }
  std::int64_t length = -1;
  std::int64_t choices = -1;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const auto& spec = fields_[f];
    const auto& shape = fields[f].shape;
    if (fields[f].type != spec.type)
      fail("field '" + spec.name + "' is of another type than the manifest says");
    if (shape.size() != spec.dims.size()) {
      fail("field '" + spec.name + "' has " + std::to_string(shape.size()) +
           " dimensions, the manifest says " + std::to_string(spec.dims.size()));
    }
    for (std::size_t d = 0; d < shape.size(); ++d) {
      std::int64_t& shared = spec.dims[d] == "T" ? length : choices;
      const bool fixed = spec.dims[d] != "T" && spec.dims[d] != "C";
      if (!fixed && shared < 0) shared = shape[d];
      if (shape[d] < 1 || shape[d] != (fixed ? std::stoll(spec.dims[d]) : shared)) {
        fail("field '" + spec.name + "', dimension " + spec.dims[d] + ": size " +
             std::to_string(shape[d]));
      }
    }
  }
}

// A choice may end early, but has a piece and no hole.
void FeatureTable::check_rows(const ArrayView& ids) const {
  const auto* row = static_cast<const std::int64_t*>(ids.data);
  const std::int64_t width = ids.shape.back();
  for (std::int64_t c = 0; c < ids.shape.front(); ++c, row += width) {
    const auto* const end = std::find(row, row + width, kEndOfRow);
    if (end == row || std::any_of(end, row + width, [](auto id) { return id != kEndOfRow; })) {
      throw Error(
          ErrorKind::kPlugin, where_,
          "featurize: choice " + std::to_string(c) + " of input_ids is empty or has a hole");
    }
  }
}

void FeatureTable::emit(std::span<const ArrayView> fields) {
  check(fields);
  if (fields_[0].dims.size() == 2) check_rows(fields[0]);
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const auto& array = fields[f];
    Column& column = columns_[f];
    const auto n = count_of(array.shape);
    extend(column.shapes, array.shape);
    if (array.type == FieldType::kInt64) {
      const auto* data = static_cast<const std::int64_t*>(array.data);
      column.starts.push_back(static_cast<std::int64_t>(column.ints.size()));
      column.ints.insert(column.ints.end(), data, data + n);
    } else {
      const auto* data = static_cast<const float*>(array.data);
      column.starts.push_back(static_cast<std::int64_t>(column.floats.size()));
      column.floats.insert(column.floats.end(), data, data + n);
    }
  }
  lengths_.push_back(fields[0].shape.back());
}

void FeatureTable::append(const FeatureTable& other) {
  const std::int64_t before = size();
  for (const std::int64_t start : other.example_starts_) example_starts_.push_back(before + start);
  extend(lengths_, other.lengths_);
  for (std::size_t f = 0; f < columns_.size(); ++f) {
    Column& to = columns_[f];
    const Column& from = other.columns_[f];
    const auto values = static_cast<std::int64_t>(
        fields_[f].type == FieldType::kInt64 ? to.ints.size() : to.floats.size());
    for (const std::int64_t start : from.starts) to.starts.push_back(values + start);
    extend(to.shapes, from.shapes);
    extend(to.ints, from.ints);
    extend(to.floats, from.floats);
  }
}

std::int64_t FeatureTable::first_feature(std::int64_t example) const {
  return example < examples() ? example_starts_[static_cast<std::size_t>(example)] : size();
}

ArrayView FeatureTable::field(std::int64_t feature, std::size_t index) const {
  const Column& column = columns_[index];
  const auto dims = static_cast<std::ptrdiff_t>(fields_[index].dims.size());
  const auto shape = column.shapes.begin() + feature * dims;
  const auto start = static_cast<std::size_t>(column.starts[static_cast<std::size_t>(feature)]);
  const bool ints = fields_[index].type == FieldType::kInt64;
  const void* data = ints ? static_cast<const void*>(column.ints.data() + start)
                          : static_cast<const void*>(column.floats.data() + start);
  return {fields_[index].type, {shape, shape + dims}, data};
}

std::int64_t FeatureTable::pieces(std::int64_t feature) const {
  return count_of(field(feature, 0).shape);
}

std::vector<std::int64_t> FeatureTable::used_ids() const {
  std::vector<std::int64_t> ids = columns_[0].ints;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (fields_[0].dims.size() == 2 && !ids.empty() && ids.front() == kEndOfRow)
    ids.erase(ids.begin());
  return ids;
}

void FeatureTable::save(const std::filesystem::path& file) const {
  std::string body;
  put(body, example_starts_);
  put(body, lengths_);
  for (const Column& column : columns_) {
    put(body, column.shapes);
    put(body, column.starts);
    put(body, column.ints);
    put(body, column.floats);
  }
  std::filesystem::create_directories(file.parent_path());
  AtomicFile out(file);
  out.write(std::string(kMagic) + sha256(body) + "\n");
  out.write(body);
  out.commit();
}

bool FeatureTable::load(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return false;
  const std::string content = read_file(file);
  std::string_view body = content;
  constexpr std::size_t kHeader = kMagic.size() + 65;
  if (body.size() < kHeader || !body.starts_with(kMagic)) return false;
  const auto checksum = body.substr(kMagic.size(), 64);
  body.remove_prefix(kHeader);
  if (sha256(body) != checksum) return false;
  FeatureTable read(fields_, where_);
  bool complete = take(body, read.example_starts_) && take(body, read.lengths_);
  for (Column& column : read.columns_) {
    complete = complete && take(body, column.shapes) && take(body, column.starts) &&
               take(body, column.ints) && take(body, column.floats);
  }
  if (!complete || !body.empty()) return false;
  *this = std::move(read);
  return true;
}

}  // namespace sojourn
