#include "plugins/check/callback_mark.h"

#include <algorithm>
#include <stdexcept>

#include <sys/mman.h>

namespace sojourn {

namespace {

constexpr std::size_t kPage = 4096;

// Those of the contract, and what else runs a plugin's code. What is called within another comes
// after it.
constexpr std::array<std::string_view, 24> kNames{"another callback",
                                                  kLoading,
                                                  "sojourn_plugin_entry_v1",
                                                  "init",
                                                  "shutdown",
                                                  "dataset_open",
                                                  "example",
                                                  "featurize",
                                                  "dataset_close",
                                                  "labels",
                                                  "head_create",
                                                  "head_forward",
                                                  "head_loss",
                                                  "head_destroy",
                                                  "autograd_fn.forward",
                                                  "autograd_fn.backward",
                                                  "autograd_fn.destroy",
                                                  "decode_create",
                                                  "decode_add",
                                                  "decode_tune",
                                                  "decode_finish",
                                                  "decode_destroy",
                                                  "score",
                                                  kEnding};

}  // namespace

CallbackMark::CallbackMark() {
  void* page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::runtime_error("no shared memory");
  counts_ = static_cast<Count*>(page);  // zeros
}

CallbackMark::~CallbackMark() { ::munmap(counts_, kPage); }

std::string_view CallbackMark::running() const noexcept {
  for (std::size_t i = kNames.size(); i-- > 0;) {
    if (counts_[i] > 0) return kNames[i];
  }
  return "";
}

CallbackMark::Count& CallbackMark::count(std::string_view callback) const noexcept {
  const auto found = std::find(kNames.begin(), kNames.end(), callback);
  return counts_[found == kNames.end() ? 0 : found - kNames.begin()];
}

CallbackMark*& callback_mark() noexcept {
  static CallbackMark* mark = nullptr;
  return mark;
}

}  // namespace sojourn
