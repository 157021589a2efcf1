#include <ATen/Context.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAEvent.h>
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

// A stream of its own, of whose memory the current stream's work is told.
class SideStream : public CopyQueue {
 public:
  explicit SideStream(int index) : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, static_cast<c10::DeviceIndex>(index))) {}

  void Start(const std::function<void()>& copies) override {
    const c10::cuda::CUDAStreamGuard on_stream(stream_);
    copies();
    copied_.record(stream_);
  }
  void Join(const std::vector<at::Tensor>& made) override {
    const c10::cuda::CUDAStream current = c10::cuda::getCurrentCUDAStream(stream_.device_index());
    copied_.block(current);
    for (const at::Tensor& tensor : made) tensor.record_stream(current);
  }

 private:
  c10::cuda::CUDAStream stream_;
  at::cuda::CUDAEvent copied_;
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
    at::globalContext().lazyInitDevice(at::kCUDA);  // the allocator has no statistics before
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto& allocated = stats.allocated_bytes[kAll];
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    const auto& reserved = stats.reserved_bytes[kAll];
    const int64_t cached = reserved.current - allocated.current;
    return {allocated.current, allocated.peak, static_cast<int64_t>(total), static_cast<int64_t>(free) + cached, reserved.peak};
  }
  void ResetPeakMemory(int index) const override {
    at::globalContext().lazyInitDevice(at::kCUDA);
    c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index));
  }
  void ReleaseCachedMemory(int) const override {
    at::globalContext().lazyInitDevice(at::kCUDA);
    at::cuda::clearCublasWorkspaces();  // one a stream, which cuBLAS would keep for ever
    c10::cuda::CUDACachingAllocator::emptyCache();
  }
  std::unique_ptr<CopyQueue> NewCopyQueue(int index) const override { return std::make_unique<SideStream>(index); }
  std::optional<at::ScalarType> MixedFormat(int index) const override {
    return Properties(index).major >= 8 ? at::kBFloat16 : at::kHalf;  // Ampere and newer have bfloat16
  }
  std::unique_ptr<Recording> Record(int index, std::function<void()> work) const override { return std::make_unique<Graph>(index, work); }
};

DEEPMAD_REGISTER(DeviceRegistry, "cuda", "NVIDIA GPUs", [] { return std::make_unique<CudaDevice>(); });

}  // namespace
}  // namespace deepmad::models
