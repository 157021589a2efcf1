#include <ATen/cuda/CUDAGraph.h>
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

// Kernels and memory of one run of the work, for as long as it lives.
class Graph : public Recording {
 public:
  Graph(int index, const std::function<void()>& work) {
    constexpr int kWarmups = 3;  // libraries choose and load their kernels, which must not happen while recording
    const auto device = static_cast<c10::DeviceIndex>(index);
    const c10::cuda::CUDAGuard on_device(device);
    c10::cuda::device_synchronize();
    const c10::cuda::CUDAStreamGuard on_stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device));
    for (int i = 0; i < kWarmups; ++i) work();
    c10::cuda::device_synchronize();
    graph_.capture_begin();
    work();
    graph_.capture_end();
    c10::cuda::device_synchronize();
  }
  void Replay() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

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
  std::optional<at::ScalarType> MixedFormat(int index) const override {
    return Properties(index).major >= 8 ? at::kBFloat16 : at::kHalf;  // Ampere and newer have bfloat16
  }
  std::unique_ptr<Recording> Record(int index, std::function<void()> work) const override { return std::make_unique<Graph>(index, work); }
};

DEEPMAD_REGISTER(DeviceRegistry, "cuda", "NVIDIA GPUs", [] { return std::make_unique<CudaDevice>(); });

}  // namespace
}  // namespace deepmad::models
