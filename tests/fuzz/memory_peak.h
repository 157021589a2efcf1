// How much memory a piece of code holds at most, counted by the sanitizer's allocator.
#pragma once

#include <sanitizer/allocator_interface.h>

#include <cstddef>

#include "tests/fuzz/expect.h"

namespace deepmad::fuzz {

class MemoryPeak {
 public:
  MemoryPeak() {
    static const int installed = __sanitizer_install_malloc_and_free_hooks(
        [](const volatile void*, size_t size) {
          held_ += static_cast<ptrdiff_t>(size);
          if (held_ > peak_) peak_ = held_;
        },
        [](const volatile void* start) { held_ -= static_cast<ptrdiff_t>(start != nullptr ? __sanitizer_get_allocated_size(start) : 0); });
    Expect(installed != 0, "the allocator can be watched");
    held_ = peak_ = 0;
  }
  // Bytes since the last MemoryPeak began.
  size_t bytes() const { return static_cast<size_t>(peak_); }

 private:
  static inline thread_local ptrdiff_t held_ = 0, peak_ = 0;
};

// A reader may hold a small multiple of its input, and a little of its own.
inline void ExpectSmall(const MemoryPeak& peak, size_t input, size_t factor) {
  constexpr size_t kOwn = 1 << 14;
  Expect(peak.bytes() <= kOwn + factor * input,
         std::to_string(peak.bytes()) + " bytes of memory for " + std::to_string(input) + " of input");
}

}  // namespace deepmad::fuzz
