#include "core/model/word_embeddings.h"

#include <utility>

#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "core/base/error.h"

namespace sojourn {

WordEmbeddings::WordEmbeddings(at::Tensor table) : table_(std::move(table)) {}

at::Tensor WordEmbeddings::lookup(const at::Tensor& ids) const {
  if (!active_.defined()) return at::embedding(table_, ids.to(table_.device()));
  if (!table_.defined()) return at::embedding(active_, ids.to(active_.device()));
  const auto place = place_.index_select(0, ids.flatten()).view_as(ids);
  if (training_) {
    if (place.min().item<std::int64_t>() < 0) {
      throw Error(ErrorKind::kInternal, "word embeddings",
                  "a training batch uses a row that isn't active");
    }
    return at::embedding(active_, place.to(active_.device()));
  }
  const auto trained = at::embedding(active_, place.clamp_min(0).to(active_.device()));
  const auto untouched = at::embedding(table_, ids.to(table_.device())).mul_(factor_);
  return at::where(place.ge(0).unsqueeze(-1).to(active_.device()), trained, untouched);
}

at::Tensor WordEmbeddings::table() const {
  if (!active_.defined()) return table_;
  if (!table_.defined()) return active_;
  if (training_)
    throw Error(ErrorKind::kInternal, "word embeddings", "the whole table, but not all is active");
  return lookup(at::arange(table_.size(0), at::kLong));
}

Parameter WordEmbeddings::begin_training(const std::vector<std::int64_t>& ids) {
  if (active_.defined())
    throw Error(ErrorKind::kInternal, "word embeddings", "one stage per loaded encoder");
  if (static_cast<std::int64_t>(ids.size()) == table_.size(0)) {
    active_ = table_.clone();
    table_ = at::Tensor();
  } else {
    const auto index = at::tensor(ids, at::kLong);
    place_ = at::full({table_.size(0)}, -1, at::kLong);
    place_.index_copy_(0, index, at::arange(index.size(0), at::kLong));
    active_ = at::index_select(table_, 0, index.to(table_.device()));
  }
  active_ids_ = ids;
  active_.requires_grad_();
  training_ = true;
  return trained();
}

void WordEmbeddings::end_training(double untouched_factor) {
  pause_training(untouched_factor);
  active_ = active_.detach();
}

void WordEmbeddings::pause_training(double untouched_factor) {
  factor_ = untouched_factor;
  training_ = false;
}

Parameter WordEmbeddings::trained() const {
  return {"embeddings.word_embeddings.weight", active_, true};
}

}  // namespace sojourn
