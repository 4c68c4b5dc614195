#include "app/memory.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

namespace sojourn {

namespace {

constexpr std::size_t kAlignment = 64;  // of a cache line; products of matrices depend on it

// LibTorch's own allocator takes aligned blocks of glibc, for which the hole that a block of the
// same size has left is too small: it held the block, but not what was cut off to align it. A block
// that is aligned inside a larger one fits where it was. How far inside is written in front of it.
class RefillingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t n) override {
    if (n == 0) return {nullptr, nullptr, &deallocate, c10::Device(c10::kCPU)};
    auto* const block = static_cast<std::byte*>(std::malloc(n + sizeof(std::size_t) + kAlignment));
    if (block == nullptr) throw std::bad_alloc();
    std::size_t space = n + kAlignment;
    void* data = block + sizeof(std::size_t);
    std::align(kAlignment, n, data, space);
    const auto inside = static_cast<std::size_t>(static_cast<std::byte*>(data) - block);
    std::memcpy(static_cast<std::byte*>(data) - sizeof(inside), &inside, sizeof(inside));
    return {data, data, &deallocate, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &deallocate; }
  void copy_data(void* to, const void* from, std::size_t n) const override {
    default_copy_data(to, from, n);
  }

 private:
  static void deallocate(void* data) {
    if (data == nullptr) return;
    std::size_t inside = 0;
    std::memcpy(&inside, static_cast<std::byte*>(data) - sizeof(inside), sizeof(inside));
    std::free(static_cast<std::byte*>(data) - inside);
  }
};

}  // namespace

void set_up_memory() {
  // Freed memory stays with the process: getting it from the kernel again means zeroing it again.
  constexpr int kLarge = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
  ::mallopt(M_TOP_PAD, 64 << 20);
  static RefillingAllocator allocator;
  c10::SetCPUAllocator(&allocator);
  // oneDNN makes code for each shape of a product in bf16, and keeps that of the last 1,024:
  // hundreds of MiB, since hardly two batches have as many tokens. A step has some 40 shapes, and
  // all layers the same. oneDNN reads this at its first product.
  ::setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128", /*overwrite=*/0);
}

}  // namespace sojourn
