#include <string>
#include <utility>

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

sojourn_status neighbours(sojourn_ctx* context, std::int64_t from, std::int64_t to, std::uint32_t k,
                          const std::int64_t** index, const float** cosine) noexcept {
  return host_function(context, [&](sojourn_ctx& c) {
    const VectorSearch& search = search_of(c, "neighbours");
    require(index != nullptr && cosine != nullptr, "neighbours needs two places");
    const std::int64_t n_from = count_of(search, from);
    const std::int64_t n_to = count_of(search, to);
    require(k >= 1 && k <= n_to,
            "k must be 1 to " + std::to_string(n_to) + ", is " + std::to_string(k));
    auto found = std::make_unique<VectorSearch::Neighbours>(search.neighbours(from, to, k));
    if (found->index.size() != static_cast<std::size_t>(n_from) * k ||
        found->cosine.size() != found->index.size()) {
      throw Error(ErrorKind::kInternal, "search",
                  "gave another number of neighbours than asked for");
    }
    *index = found->index.data();
    *cosine = found->cosine.data();
    c.eval->found.push_back(std::move(found));
  });
}

}  // namespace

const sojourn_eval_api* eval_interface() {
  static const sojourn_eval_api table{sizeof(sojourn_eval_api), &prediction, &tuned};
  return &table;
}

const sojourn_search_api* search_interface() {
  static const sojourn_search_api table{sizeof(sojourn_search_api), &count, &neighbours};
  return &table;
}

}  // namespace sojourn
