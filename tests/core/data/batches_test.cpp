#include "core/data/batches.h"

#include <algorithm>
#include <set>

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/temporary_directory.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

const std::vector<FieldSpec> kFields{{"input_ids", FieldType::kInt64, {"T"}, 0},
                                     {"labels", FieldType::kInt64, {"T"}, -100}};

void emit(FeatureTable& table, const std::vector<std::int64_t>& ids,
          const std::vector<std::int64_t>& labels) {
  const ArrayView fields[] = {
      {FieldType::kInt64, {static_cast<std::int64_t>(ids.size())}, ids.data()},
      {FieldType::kInt64, {static_cast<std::int64_t>(labels.size())}, labels.data()}};
  table.emit(fields);
}

FeatureTable three_sentences() {
  FeatureTable table(kFields, "test");
  table.begin_example();
  emit(table, {5, 6, 7}, {1, -100, 0});
  table.begin_example();
  emit(table, {8}, {1});
  emit(table, {9, 5}, {-100, 2});  // a second window
  return table;
}

TEST_CASE("an epoch uses every feature once, in a random order", "[core][data]") {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < 1000; ++i) lengths.push_back(1 + (i * 37) % 101);
  const auto batches = epoch_batches(lengths, 8, {1, 0, 0}, "task");
  CHECK(batches.size() == 125);
  std::multiset<std::int64_t> seen;
  std::set<std::int64_t> longest;
  for (const auto& batch : batches) {
    seen.insert(batch.begin(), batch.end());
    const auto length = [&](std::int64_t i) { return lengths[static_cast<std::size_t>(i)]; };
    CHECK(std::is_sorted(batch.begin(), batch.end(),
                         [&](auto a, auto b) { return length(a) > length(b); }));
    longest.insert(length(batch.front()));
  }
  CHECK(seen.size() == 1000);
  CHECK(std::set<std::int64_t>(seen.begin(), seen.end()).size() == 1000);
  CHECK(*longest.begin() > 30);  // batches of like length would have some of short ones only
  CHECK(batches == epoch_batches(lengths, 8, {1, 0, 0}, "task"));
  CHECK(batches != epoch_batches(lengths, 8, {1, 0, 1}, "task"));
  CHECK(batches != epoch_batches(lengths, 8, {1, 0, 0}, "other"));
}

TEST_CASE("a batch is padded to its longest row and no further", "[core][data]") {
  const auto table = three_sentences();
  const std::vector<std::int64_t> chosen{2, 1};
  const Batch batch = collate(table, chosen, /*pad_id=*/1);
  CHECK(at::equal(batch.ids, at::tensor({9, 5, 8, 1}, at::kLong).view({2, 2})));
  CHECK(batch.lengths == std::vector<std::int64_t>{2, 1});
  CHECK(at::equal(batch.fields[1], at::tensor({-100, 2, 1, -100}, at::kLong).view({2, 2})));
  CHECK(count_items(table, chosen, 1) == 2);
}

TEST_CASE("choices become rows of the encoder, each with its own length", "[core][data]") {
  FeatureTable table(
      {{"input_ids", FieldType::kInt64, {"C", "T"}, 0}, {"label", FieldType::kInt64, {}, 0}},
      "test");
  const std::vector<std::int64_t> ids{5, 6, 7, 8, 1, 1};
  const std::int64_t label = 1;
  table.begin_example();
  table.emit(std::vector<ArrayView>{{FieldType::kInt64, {2, 3}, ids.data()},
                                    {FieldType::kInt64, {}, &label}});
  const Batch batch = collate(table, std::vector<std::int64_t>{0}, 1);
  CHECK(batch.ids.sizes() == at::IntArrayRef({2, 3}));
  CHECK(batch.lengths == std::vector<std::int64_t>{3, 1});
  CHECK(batch.choices == 2);
}

TEST_CASE("scoring batches hold every feature and keep to their budget", "[core][data]") {
  const auto table = three_sentences();
  const auto batches = scoring_batches(table, 4);
  CHECK(batches == std::vector<std::vector<std::int64_t>>{{0}, {2, 1}});
}

TEST_CASE("features that disagree with the manifest are the plugin's fault", "[core][data]") {
  FeatureTable table(kFields, "plugin x");
  table.begin_example();
  CHECK_THROWS_WITH(emit(table, {5, 6}, {1}),
                    Catch::Contains("plugin x") && Catch::Contains("labels"));
  CHECK_THROWS_WITH(table.emit({}), Catch::Contains("emitted 0 fields"));
}

TEST_CASE("a cached table is the table, and a damaged one is none", "[core][data]") {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "x.features";
  const auto table = three_sentences();
  table.save(file);
  FeatureTable read(kFields, "test");
  REQUIRE(read.load(file));
  CHECK(read.size() == 3);
  CHECK(read.examples() == 2);
  CHECK(read.used_ids() == std::vector<std::int64_t>{5, 6, 7, 8, 9});
  CHECK(read.first_feature(1) == 1);
  auto bytes = read_file(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(file, bytes);
  CHECK_FALSE(FeatureTable(kFields, "test").load(file));
  write_file(file, read_file(file).substr(0, 40));
  CHECK_FALSE(FeatureTable(kFields, "test").load(file));
}

}  // namespace
}  // namespace sojourn
