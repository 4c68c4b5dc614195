#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/philox.h"
#include "core/base/text.h"
#include "plugins/host_api.h"

namespace sojourn {

namespace {

sojourn_status prediction(sojourn_ctx* context, std::uint64_t example, sojourn_str text) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.eval == nullptr || c.eval->predict == nullptr)
      refuse_place(c, "prediction", "decode_finish");
    require(!invalid_utf8_at(from_abi(text)),
            "the prediction of example " + std::to_string(example) + " isn't UTF-8");
    (*c.eval->predict)(static_cast<std::int64_t>(example), from_abi(text));
  });
}

sojourn_status tuned(sojourn_ctx* context, const void* p, std::uint64_t n) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.eval == nullptr || c.eval->tuned == nullptr) refuse_place(c, "tuned", "decode_tune");
    require(p != nullptr || n == 0, "tuned needs bytes");
    c.eval->tuned->assign(static_cast<const char*>(p), static_cast<std::size_t>(n));
  });
}

// What is asked for in one call: more is a number that was never set.
void require_few(std::uint64_t n, const char* function) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 30;
  require(n <= kMost, std::string(function) + ": n is " + std::to_string(n) + ", at most " +
                          std::to_string(kMost) + " are given");
}

// Until the callback ends.
template <typename T>
const T& keep(const sojourn_ctx& c, T value) {
  auto kept = std::make_shared<const T>(std::move(value));
  const T& found = *kept;
  c.eval->found.push_back(std::move(kept));
  return found;
}

sojourn_status random(sojourn_ctx* context, sojourn_str stream, std::uint64_t n,
                      const std::uint32_t** out) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    if (c.eval == nullptr) refuse_place(c, "random", "decode_tune and decode_finish");
    require(out != nullptr, "random needs a place");
    require(!invalid_utf8_at(from_abi(stream)), "the name of a stream isn't UTF-8");
    require_few(n, "random");
    const Philox generator({}, "eval/" + std::string(from_abi(stream)));
    std::vector<std::uint32_t> numbers;
    for (std::uint64_t i = 0; i < n; ++i) numbers.push_back(generator(i / 4)[i % 4]);
    *out = keep(c, std::move(numbers)).data();
  });
}

const VectorSearch& search_of(const sojourn_ctx& c, const char* function) {
  if (c.eval == nullptr) refuse_place(c, function, "decode_tune and decode_finish");
  if (c.eval->search == nullptr) {
    throw Refusal(SOJOURN_PRECONDITION, std::string(function) + ": the manifest has no search");
  }
  return *c.eval->search;
}

std::int64_t count_of(const VectorSearch& search, std::int64_t side) {
  require(side == 0 || side == 1, "side must be 0 or 1, is " + std::to_string(side));
  return search.count(side);
}

sojourn_status count(sojourn_ctx* context, std::int64_t side, std::uint64_t* n) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    const VectorSearch& search = search_of(c, "count");
    require(n != nullptr, "count needs a place");
    *n = static_cast<std::uint64_t>(count_of(search, side));
  });
}

void check_size(const VectorSearch::Neighbours& found, std::int64_t expected) {
  if (found.index.size() == static_cast<std::size_t>(expected) &&
      found.cosine.size() == found.index.size())
    return;
  throw Error(ErrorKind::kInternal, "search", "gave another number of neighbours than asked for");
}

sojourn_status neighbours(sojourn_ctx* context, std::int64_t from, std::int64_t to, std::uint32_t k,
                          const std::int64_t** index, const float** cosine) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    const VectorSearch& search = search_of(c, "neighbours");
    require(index != nullptr && cosine != nullptr, "neighbours needs two places");
    const std::int64_t n_from = count_of(search, from);
    const std::int64_t n_to = count_of(search, to);
    require(k >= 1 && k <= n_to,
            "k must be 1 to " + std::to_string(n_to) + ", is " + std::to_string(k));
    const auto& found = keep(c, search.neighbours(from, to, k));
    check_size(found, n_from * k);
    *index = found.index.data();
    *cosine = found.cosine.data();
  });
}

sojourn_status csls(sojourn_ctx* context, std::int64_t from, std::int64_t to,
                    std::uint32_t neighbourhood, std::uint32_t k, const std::int64_t** index,
                    const float** score) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    const VectorSearch& search = search_of(c, "csls");
    require(index != nullptr && score != nullptr, "csls needs two places");
    const std::int64_t n_from = count_of(search, from);
    const std::int64_t n_to = count_of(search, to);
    require(k >= 1 && k <= n_to,
            "k must be 1 to " + std::to_string(n_to) + ", is " + std::to_string(k));
    require(n_from >= 1 && neighbourhood >= 1, "csls needs vectors and a neighbourhood");
    const auto& found = keep(c, search.csls(from, to, neighbourhood, k));
    check_size(found, n_from * k);
    *index = found.index.data();
    *score = found.cosine.data();
  });
}

void require_places(const std::int64_t* places, std::uint64_t n, std::int64_t count) {
  require(places != nullptr || n == 0, "ranks needs rows and targets");
  for (std::uint64_t i = 0; i < n; ++i) {
    require(places[i] >= 0 && places[i] < count,
            "there is no vector " + std::to_string(places[i]) + " among " + std::to_string(count));
  }
}

sojourn_status ranks(sojourn_ctx* context, std::int64_t from, std::int64_t to,
                     const std::int64_t* rows, const std::int64_t* targets, std::uint64_t n,
                     const std::int64_t** rank, const float** cosine) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    const VectorSearch& search = search_of(c, "ranks");
    require(rank != nullptr && cosine != nullptr, "ranks needs two places");
    require_few(n, "ranks");
    require_places(rows, n, count_of(search, from));
    require_places(targets, n, count_of(search, to));
    const auto size = static_cast<std::size_t>(n);
    const auto& found = keep(c, search.ranks(from, to, {rows, size}, {targets, size}));
    *rank = found.rank.data();
    *cosine = found.cosine.data();
  });
}

sojourn_status mean_cosines(sojourn_ctx* context, std::int64_t from, std::int64_t to,
                            const float** mean) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    const VectorSearch& search = search_of(c, "mean_cosines");
    require(mean != nullptr, "mean_cosines needs a place");
    count_of(search, from);
    require(count_of(search, to) >= 1, "mean_cosines: side " + std::to_string(to) + " is empty");
    *mean = keep(c, search.mean_cosines(from, to)).data();
  });
}

}  // namespace

const sojourn_eval_api* eval_interface() {
  static const sojourn_eval_api table{sizeof(sojourn_eval_api), &prediction, &tuned, &random};
  return &table;
}

const sojourn_search_api* search_interface() {
  static const sojourn_search_api table{
      sizeof(sojourn_search_api), &count, &neighbours, &csls, &ranks, &mean_cosines};
  return &table;
}

}  // namespace sojourn
