#include <ATen/Context.h>
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/cuda/Sleep.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>

#include "models/device/device.h"

namespace deepmad::models {
namespace {

cudaDeviceProp Properties(int index) {
  cudaDeviceProp properties{};
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
  return properties;
}

// The stream on which a device's work is recorded: one for all recordings, since libraries keep a workspace for each stream they have met.
c10::cuda::CUDAStream RecordingStream(c10::DeviceIndex device) {
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, c10::cuda::CUDAStream> streams;
  const std::lock_guard lock(mutex);
  const auto it = streams.find(device);
  if (it != streams.end()) return it->second;
  return streams.emplace(device, c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device)).first->second;
}

// Kernels and memory of one run of the work, for as long as it lives.
class Graph : public Recording {
 public:
  Graph(int index, const std::function<void()>& work) {
    constexpr int kWarmups = 3;  // libraries choose and load their kernels, which must not happen while recording
    const auto device = static_cast<c10::DeviceIndex>(index);
    const c10::cuda::CUDAGuard on_device(device);
    c10::cuda::device_synchronize();
    const c10::cuda::CUDAStreamGuard on_stream(RecordingStream(device));
    for (int i = 0; i < kWarmups; ++i) work();
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();  // the recording has a pool of its own and cannot take what the warm-ups left
    const at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
    graph_.capture_begin(pool, cudaStreamCaptureModeThreadLocal);  // the loader's threads pin memory meanwhile
    try {
      work();
      graph_.capture_end();
    } catch (...) {
      Abandon(device, pool);
      throw;
    }
    c10::cuda::device_synchronize();
  }
  void Replay() override { graph_.replay(); }

 private:
  // Ends a recording whose work failed, so that the stream and the allocators serve what comes next.
  static void Abandon(c10::DeviceIndex device, at::cuda::MempoolId_t pool) {
    cudaGraph_t part = nullptr;
    if (cudaStreamEndCapture(c10::cuda::getCurrentCUDAStream(device), &part) == cudaSuccess && part != nullptr) cudaGraphDestroy(part);
    cudaGetLastError();
    c10::cuda::CUDACachingAllocator::endAllocateToPool(device, pool);
    c10::cuda::CUDACachingAllocator::releasePool(device, pool);
    at::HostAllocator& host = *at::getHostAllocator(at::kCUDA);
    host.end_allocate_to_pool(pool);
    host.release_pool(pool);
  }

  at::cuda::CUDAGraph graph_;
};

// A copy to pinned memory, behind what was queued before it and before what is queued later.
class PinnedReadback : public Readback {
 public:
  explicit PinnedReadback(const at::Tensor& tensor)
      : host_(at::empty(tensor.sizes(), tensor.options().device(at::kCPU).pinned_memory(true))) {
    const c10::cuda::CUDAGuard guard(tensor.device());
    host_.copy_(tensor, /*non_blocking=*/true);
    copied_.record();
  }
  at::Tensor Wait() override {
    copied_.synchronize();
    return host_;
  }

 private:
  at::Tensor host_;
  at::cuda::CUDAEvent copied_;
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

// Events on the current stream.
class EventTimer : public Timer {
 public:
  explicit EventTimer(int index) : device_(static_cast<c10::DeviceIndex>(index)) {}

  void Hold() override {
    constexpr int64_t kCycles = 8'000'000;  // 4 to 6 ms at the clocks of today's GPUs: some 500 launches
    const c10::cuda::CUDAGuard guard(device_);
    at::cuda::sleep(kCycles);
  }
  void Mark() override {
    if (used_ == events_.size()) events_.emplace_back(cudaEventDefault);  // the flags of events that keep times
    events_[used_++].record(c10::cuda::getCurrentCUDAStream(device_));
  }
  std::vector<double> Seconds() override {
    std::vector<double> seconds;
    if (used_ > 0) events_[used_ - 1].synchronize();
    for (size_t i = 1; i < used_; ++i) seconds.push_back(events_[i - 1].elapsed_time(events_[i]) / 1000);
    used_ = 0;
    return seconds;
  }

 private:
  c10::DeviceIndex device_;
  std::deque<at::cuda::CUDAEvent> events_;  // made once and used again; the first `used_` are marks
  size_t used_ = 0;
};

class CudaDevice : public DeviceKind {
 public:
  int Count() const override { return c10::cuda::device_count(); }
  std::string Describe(int index) const override { return Properties(index).name; }
  Uuid UuidOf(int index) const override {
    const cudaUUID_t uuid = Properties(index).uuid;
    Uuid bytes;
    std::copy(std::begin(uuid.bytes), std::end(uuid.bytes), bytes.begin());
    return bytes;
  }
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
  std::unique_ptr<Readback> StartReadback(const at::Tensor& tensor) const override { return std::make_unique<PinnedReadback>(tensor); }
  std::unique_ptr<Timer> NewTimer(int index) const override { return std::make_unique<EventTimer>(index); }
  std::optional<at::ScalarType> MixedFormat(int index) const override {
    return Properties(index).major >= 8 ? at::kBFloat16 : at::kHalf;  // Ampere and newer have bfloat16
  }
  std::unique_ptr<Recording> Record(int index, std::function<void()> work) const override { return std::make_unique<Graph>(index, work); }
};

DEEPMAD_REGISTER(DeviceRegistry, "cuda", "NVIDIA GPUs", [] { return std::make_unique<CudaDevice>(); });

}  // namespace
}  // namespace deepmad::models
