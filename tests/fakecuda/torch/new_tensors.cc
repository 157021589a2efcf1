// Every tensor begins as 0, so that what no kernel has computed is a number, a class and a flag that a program can live with. The allocator
// gives out again what it was given back, with what is in it; its trace says when. LibTorch would overwrite that: where
// `train.deterministic` is on it fills new tensors with NaN, which the kernels that follow do not replace here.
#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>

#include "tests/fakecuda/torch/from_runtime.h"

namespace {

using c10::cuda::CUDACachingAllocator::TraceEntry;

bool ZeroNewTensors() {
  if (!c10::cuda::CUDACachingAllocator::get()->initialized()) return false;
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  c10::cuda::CUDACachingAllocator::attachAllocatorTraceTracker([](const TraceEntry& entry) {
    if (entry.action_ != TraceEntry::ALLOC) return;
    fakecuda_begin_as_zero(reinterpret_cast<void*>(entry.addr_), entry.size_, static_cast<cudaStream_t>(entry.stream_));
  });
  return true;
}

}  // namespace

// Before each memory of a device is taken: the first of the allocator's finds it ready.
extern "C" __attribute__((visibility("default"))) void fakecuda_before_memory() {
  static bool done = false;
  if (!done) done = ZeroNewTensors();
}
