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

Parameter WordEmbeddings::begin_training(const std::vector<std::int64_t>& ids) {
  if (active_.defined())
    throw Error(ErrorKind::kInternal, "word embeddings", "one stage per loaded encoder");
  active_ids_ = ids;
  const auto index = at::tensor(ids, at::kLong);
  place_ = at::full({table_.size(0)}, -1, at::kLong);
  place_.index_copy_(0, index, at::arange(index.size(0), at::kLong));
  active_ = at::index_select(table_, 0, index.to(table_.device())).requires_grad_();
  training_ = true;
  return {"embeddings.word_embeddings.weight", active_, true};
}

void WordEmbeddings::end_training(double untouched_factor) {
  active_ = active_.detach();
  factor_ = untouched_factor;
  training_ = false;
}

at::Tensor WordEmbeddings::rows(std::int64_t begin, std::int64_t end) const {
  const auto ids = at::arange(begin, end, at::kLong);
  return lookup(ids.unsqueeze(0)).squeeze(0).to(at::kCPU).contiguous();
}

}  // namespace sojourn
