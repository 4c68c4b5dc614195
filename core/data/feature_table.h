// The features of a data set, column by column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/data/task.h"

namespace sojourn {

// In input_ids of [C, T]: the choice ended before the longest of its feature.
constexpr std::int64_t kEndOfRow = -1;

// Features in the order of their examples. Field 0 is input_ids, [T] or [C, T].
class FeatureTable : public FeatureSink {
 public:
  // where: what messages about wrong features name, the task and its plugin.
  FeatureTable(const std::vector<FieldSpec>& fields, std::string where);

  // The features emitted from here on belong to the next example.
  void begin_example() { example_starts_.push_back(size()); }
  void emit(std::span<const ArrayView> fields) override;
  // The examples of `other`, of the same fields, after those of this table.
  void append(const FeatureTable& other);

  std::int64_t size() const { return static_cast<std::int64_t>(lengths_.size()); }  // features
  std::int64_t examples() const { return static_cast<std::int64_t>(example_starts_.size()); }
  std::int64_t first_feature(
      std::int64_t example) const;  // example in [0, examples()]; the last gives size()
  ArrayView field(std::int64_t feature, std::size_t index) const;
  const std::vector<FieldSpec>& fields() const { return fields_; }
  // T of each feature, and the pieces in it (C * T).
  const std::vector<std::int64_t>& lengths() const { return lengths_; }
  std::int64_t pieces(std::int64_t feature) const;
  // The distinct ids in input_ids, sorted.
  std::vector<std::int64_t> used_ids() const;

  // The table as bytes, with a checksum, and back. load() returns false, and leaves the table
  // empty, where the file is missing or isn't exactly such a table.
  void save(const std::filesystem::path& file) const;
  bool load(const std::filesystem::path& file);

 private:
  struct Column {
    std::vector<std::int64_t> shapes;  // dims of the field for each feature
    std::vector<std::int64_t> starts;  // of each feature's values
    std::vector<std::int64_t> ints;    // one of the two is used
    std::vector<float> floats;
  };

  void check(std::span<const ArrayView> fields) const;
  void check_rows(const ArrayView& ids) const;

  std::vector<FieldSpec> fields_;
  std::string where_;
  std::vector<Column> columns_;
  std::vector<std::int64_t> example_starts_;
  std::vector<std::int64_t> lengths_;
};

}  // namespace sojourn
