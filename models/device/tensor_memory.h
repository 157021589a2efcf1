// Measures the memory of tensors in bytes, as reported by LibTorch's allocators. Exact, unlike the memory of the process, which includes
// what the system's allocator caches.
#pragma once

#include <cstdint>
#include <memory>

namespace c10 {
class DebugInfoGuard;
}

namespace deepmad::models {

// Counts allocations on this thread during its lifetime, including working memory of oneDNN and the backward pass. Tensors that existed
// before are not counted, nor is their release. Must not be nested.
class TensorMemory {
 public:
  TensorMemory();
  ~TensorMemory();
  TensorMemory(const TensorMemory&) = delete;
  TensorMemory& operator=(const TensorMemory&) = delete;

  int64_t current_bytes() const;
  int64_t peak_bytes() const;  // since the start or the last ResetPeak
  void ResetPeak();

 private:
  class Counter;
  std::shared_ptr<Counter> counter_;
  std::unique_ptr<c10::DebugInfoGuard> guard_;
};

}  // namespace deepmad::models
