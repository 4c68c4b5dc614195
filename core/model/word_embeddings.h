// The vocabulary's rows, of which a stage trains only those that its data uses.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/parameter.h"

namespace sojourn {

// Three quarters of a small multilingual encoder are word embeddings, and a stage's data uses a few
// percent of their rows. So the table stays as it is in the file (mapped, never copied on the CPU),
// and a stage holds values, gradients and moments for the rows in use. AdamW does one thing to the
// others, the decay, and that has a closed form. Where all rows are in use, they are trained as one
// table, and the file's is let go.
class WordEmbeddings {
 public:
  WordEmbeddings() = default;
  // table: [vocabulary, hidden] float32, on the device; read only.
  explicit WordEmbeddings(at::Tensor table);

  // ids [B, T] int64 on the CPU -> [B, T, hidden] float32. While training, ids must be active ones.
  at::Tensor lookup(const at::Tensor& ids) const;

  // All rows, [vocabulary, hidden] float32; while training, all must be active, and gradients flow
  // to them.
  at::Tensor table() const;

  // Makes the rows `ids` (sorted, distinct) trainable, as one parameter [ids, hidden].
  // Where these are all there are, row i of the parameter is id i.
  Parameter begin_training(const std::vector<std::int64_t>& ids);
  void end_training(double untouched_factor);
  // In between, rows that aren't active may be looked up, as they would be after the end.
  void pause_training(double untouched_factor);
  void resume_training() noexcept { training_ = true; }

  // What begin_training returned; of an encoder that wasn't trained, without a value.
  Parameter trained() const;
  const std::vector<std::int64_t>& active_ids() const noexcept { return active_ids_; }
  double untouched_factor() const noexcept { return factor_; }

 private:
  at::Tensor table_;   // undefined once all rows are active
  at::Tensor active_;  // [n, hidden], undefined before the first stage
  at::Tensor place_;   // [vocabulary] int64: row in active_, or -1; undefined where all are active
  std::vector<std::int64_t> active_ids_;
  double factor_ = 1;  // of the rows that aren't active
  bool training_ = false;
};

}  // namespace sojourn
