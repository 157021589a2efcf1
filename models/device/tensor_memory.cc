#include "models/device/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <mutex>

namespace deepmad::models {

class TensorMemory::Counter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device) override {
    const std::lock_guard lock(mutex_);
    current_ += bytes;
    peak_ = std::max(peak_, current_);
  }
  bool memoryProfilingEnabled() const override { return true; }

  int64_t current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  int64_t peak() const {
    const std::lock_guard lock(mutex_);
    return peak_;
  }
  void ResetPeak() {
    const std::lock_guard lock(mutex_);
    peak_ = current_;
  }

 private:
  mutable std::mutex mutex_;  // threads of a pass inherit the counter
  int64_t current_ = 0, peak_ = 0;
};

TensorMemory::TensorMemory()
    : counter_(std::make_shared<Counter>()), guard_(std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE, counter_)) {}
TensorMemory::~TensorMemory() = default;

int64_t TensorMemory::current_bytes() const { return counter_->current(); }
int64_t TensorMemory::peak_bytes() const { return counter_->peak(); }
void TensorMemory::ResetPeak() { counter_->ResetPeak(); }

}  // namespace deepmad::models
