#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include "models/device.h"

namespace deepmad::models {
namespace {

cudaDeviceProp Properties(int index) {
  cudaDeviceProp properties{};
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
  return properties;
}

class CudaDevice : public DeviceKind {
 public:
  int Count() const override { return c10::cuda::device_count(); }
  std::string Describe(int index) const override { return Properties(index).name; }
  void Synchronize(int index) const override {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    c10::cuda::device_synchronize();
  }
  DeviceMemory Memory(int index) const override {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    const auto& allocated = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    return {allocated.current, allocated.peak, static_cast<int64_t>(Properties(index).totalGlobalMem)};
  }
  void ResetPeakMemory(int index) const override { c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index)); }
};

DEEPMAD_REGISTER(DeviceRegistry, "cuda", "NVIDIA GPUs", [] { return std::make_unique<CudaDevice>(); });

}  // namespace
}  // namespace deepmad::models
