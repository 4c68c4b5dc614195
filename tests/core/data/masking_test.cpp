#include "core/data/masking.h"

#include <cmath>
#include <map>
#include <vector>

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

constexpr std::int64_t kPad = 1;
constexpr std::int64_t kMask = 19;
const MaskingIds kIds{kMask, 20, {0, kPad, 2, 3, kMask}};  // 4 to 18 are ordinary
constexpr std::size_t kLabels = 1;

// Rows <s> piece .. </s> of these lengths, padded to `width`.
Batch batch_of(const std::vector<std::int64_t>& lengths, std::int64_t width,
               std::int64_t first_row = 0) {
  Batch batch;
  batch.size = static_cast<std::int64_t>(lengths.size());
  batch.lengths = lengths;
  batch.first_row = first_row;
  batch.ids = at::full({batch.size, width}, kPad, at::kLong);
  for (std::int64_t row = 0; row < batch.size; ++row) {
    const std::int64_t length = lengths[static_cast<std::size_t>(row)];
    auto* ids = batch.ids[row].mutable_data_ptr<std::int64_t>();
    for (std::int64_t t = 0; t < length; ++t) ids[t] = 4 + (row + first_row + t) % 15;
    ids[0] = 0;
    ids[length - 1] = 2;
  }
  batch.fields = {at::Tensor(), at::full({batch.size, width}, -100, at::kLong)};
  return batch;
}

Batch masked(Batch batch, double share = 0.15, const RandomKey& key = {1, 0, 0},
             const std::string& stream = "masking/test") {
  mask_batch(batch, kLabels, share, kIds, key, stream);
  return batch;
}

std::vector<std::int64_t> numbers(const at::Tensor& tensor) {
  const auto flat = tensor.contiguous();
  const auto* data = flat.const_data_ptr<std::int64_t>();
  return {data, data + flat.numel()};
}

// Whether `count` of n draws is within four standard deviations of what probability p gives.
void check_share(double count, double n, double p) {
  CAPTURE(count, n, p);
  CHECK(std::abs(count - n * p) < 4 * std::sqrt(n * p * (1 - p)));
}

// What became of the pieces over many steps.
struct Tally {
  double pieces = 0;  // that aren't special
  double chosen = 0, masked = 0, kept = 0;
};

Tally tally_of_many_steps() {
  Tally tally;
  const Batch batch = batch_of(std::vector<std::int64_t>(64, 256), 256);
  const auto before = numbers(batch.ids);
  for (std::uint64_t step = 0; step < 20; ++step) {
    const Batch after = masked(batch, 0.15, {1, 0, step});
    const auto ids = numbers(after.ids);
    const auto labels = numbers(after.fields[kLabels]);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool special = before[i] < 4;
      if (!special) ++tally.pieces;
      if (labels[i] == -100) {
        REQUIRE(ids[i] == before[i]);
        continue;
      }
      REQUIRE_FALSE(special);
      REQUIRE(labels[i] == before[i]);
      ++tally.chosen;
      if (ids[i] == kMask) {
        ++tally.masked;
      } else if (ids[i] == before[i]) {
        ++tally.kept;
      } else {
        REQUIRE((ids[i] >= 4 && ids[i] < kMask));
      }
    }
  }
  return tally;
}

TEST_CASE("15 % of the pieces are chosen: 80 % hidden, 10 % replaced, 10 % kept",
          "[core][data][masking]") {
  const Tally tally = tally_of_many_steps();
  check_share(tally.chosen, tally.pieces, 0.15);
  check_share(tally.masked, tally.chosen, 0.8);
  const double lucky = 0.1 / 15;  // a random piece that is the one that was there
  check_share(tally.kept, tally.chosen, 0.1 + lucky);
  check_share(tally.chosen - tally.masked - tally.kept, tally.chosen, 0.1 - lucky);
}

TEST_CASE("A random piece is any ordinary one with equal probability, never a special one",
          "[core][data][masking]") {
  constexpr std::int64_t kOther = 100;  // a piece that is never drawn
  Batch batch = batch_of(std::vector<std::int64_t>(256, 256), 256);
  batch.ids = at::full({256, 256}, kOther, at::kLong);
  std::map<std::int64_t, double> drawn;
  double total = 0;
  for (const std::int64_t id : numbers(masked(batch).ids)) {
    if (id == kOther || id == kMask) continue;
    ++drawn[id];
    ++total;
  }
  CHECK(drawn.size() == 15);
  CHECK(drawn.begin()->first == 4);
  CHECK(drawn.rbegin()->first == 18);
  double chi_square = 0;
  for (const auto& [id, n] : drawn) chi_square += std::pow(n - total / 15, 2) / (total / 15);
  CHECK(chi_square < 50);  // 14 degrees of freedom: less than once in 100,000 times
}

TEST_CASE("Special ids between the pieces are skipped, none else", "[core][data][masking]") {
  Batch batch = batch_of(std::vector<std::int64_t>(64, 256), 256);
  const auto before = numbers(batch.ids);
  const MaskingIds ids{7, 10, {0, 1, 2, 7}};
  mask_batch(batch, kLabels, 1, ids, {1, 0, 0}, "masking/test");
  const auto after = numbers(batch.ids);
  std::map<std::int64_t, int> drawn;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i] != before[i] && after[i] != ids.mask) ++drawn[after[i]];
  }
  std::vector<std::int64_t> kinds;
  for (const auto& [id, n] : drawn) kinds.push_back(id);
  CHECK(kinds == std::vector<std::int64_t>{3, 4, 5, 6, 8, 9});
}

TEST_CASE("Neither padding nor the size of a micro-batch changes what is hidden",
          "[core][data][masking]") {
  const Batch whole = masked(batch_of({30, 28, 25, 9}, 30), 0.5);
  const Batch second = masked(batch_of({25, 9}, 25, /*first_row=*/2), 0.5);
  const Batch wide = masked(batch_of({25, 9}, 40, /*first_row=*/2), 0.5);
  for (const Batch* part : {&second, &wide}) {
    CHECK(at::equal(part->ids.narrow(1, 0, 25), whole.ids.narrow(0, 2, 2).narrow(1, 0, 25)));
    CHECK(at::equal(part->fields[kLabels].narrow(1, 0, 25),
                    whole.fields[kLabels].narrow(0, 2, 2).narrow(1, 0, 25)));
  }
  CHECK(numbers(wide.fields[kLabels][1].narrow(0, 9, 31)) == std::vector<std::int64_t>(31, -100));
}

TEST_CASE("Equal keys hide equal pieces; another seed, role, step or stream hides others",
          "[core][data][masking]") {
  const Batch batch = batch_of({200, 200}, 200);
  const auto ids = masked(batch).ids;
  CHECK(at::equal(masked(batch).ids, ids));
  for (const RandomKey& key : {RandomKey{2, 0, 0}, RandomKey{1, 1, 0}, RandomKey{1, 0, 1}})
    CHECK_FALSE(at::equal(masked(batch, 0.15, key).ids, ids));
  CHECK_FALSE(at::equal(masked(batch, 0.15, {1, 0, 0}, "masking/other").ids, ids));
}

TEST_CASE("The batch that was collated stays as it was, and the hidden pieces are counted",
          "[core][data][masking]") {
  const Batch batch = batch_of({6, 4}, 6);
  const auto ids = batch.ids.clone();
  const Batch all = masked(batch, 1);
  CHECK(at::equal(batch.ids, ids));
  CHECK(count_items(batch, kLabels) == 0);
  CHECK(count_items(all, kLabels) == 4 + 2);
  CHECK(at::equal(all.fields[kLabels][1], at::tensor(std::vector<std::int64_t>{
                                              -100, ids[1][1].item<std::int64_t>(),
                                              ids[1][2].item<std::int64_t>(), -100, -100, -100})));
  const Batch none = masked(batch, 1e-9);  // of which nothing is forced
  CHECK(count_items(none, kLabels) == 0);
  CHECK(at::equal(none.ids, ids));
}

TEST_CASE("Features with choices can't be masked", "[core][data][masking]") {
  Batch batch = batch_of({4}, 4);
  batch.has_choices = true;
  CHECK_THROWS_AS(masked(batch), Error);
}

}  // namespace
}  // namespace sojourn
