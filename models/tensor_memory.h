// Bytes of the tensors that a piece of work holds, as the allocators of LibTorch report them: exact, where the memory of the process also
// has what the system's allocator keeps.
#pragma once

#include <cstdint>
#include <memory>

namespace c10 {
class DebugInfoGuard;
}

namespace deepmad::models {

// Counts on this thread while it lives, working memory of oneDNN and the backward pass included. Not to be nested. Tensors made before
// count neither when they are made nor when they go.
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
