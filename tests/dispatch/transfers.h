// What passed between the processor and the stand-in device, in the whole process.
#pragma once

#include <atomic>
#include <cstdint>

namespace deepmad::dispatch {

struct Transfers {
  std::atomic<int64_t> queued_to_device{0};  // from pinned memory: nobody waits
  std::atomic<int64_t> waited_to_device{0};  // from pageable memory, or as a blocking copy: waits for all that is queued
  std::atomic<int64_t> to_host{0};           // tensors; waits likewise
  std::atomic<int64_t> scalars{0};           // numbers read one by one; waits likewise
  std::atomic<int64_t> readbacks{0};         // models::Readback: waits for the work before it alone
  std::atomic<int64_t> copy_queues{0};       // batches copied beside the device's work

  void Clear() { queued_to_device = waited_to_device = to_host = scalars = readbacks = copy_queues = 0; }
};

inline Transfers& AllTransfers() {
  static Transfers transfers;
  return transfers;
}

}  // namespace deepmad::dispatch
