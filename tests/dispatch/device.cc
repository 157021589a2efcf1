// A device of type CUDA in a process without libtorch_cuda: one device, one stream, memory of the processor. What LibTorch asks a device
// for before it computes anything is here; what is computed is in kernels.cc.
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/Allocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

#include "models/device/device.h"
#include "tests/dispatch/device_memory.h"
#include "tests/dispatch/transfers.h"

namespace deepmad::dispatch {
namespace {

const at::Device kDevice(at::kCUDA, 0);
const c10::Stream kStream(c10::Stream::DEFAULT, kDevice);

void* Block(size_t bytes) {
  constexpr size_t kAlignment = 64;
  return bytes == 0 ? nullptr : std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

// All work is done when a call returns, so there is nothing to wait for.
struct Guard final : c10::impl::DeviceGuardImplInterface {
  at::DeviceType type() const override { return at::kCUDA; }
  at::Device exchangeDevice(at::Device) const override { return kDevice; }
  at::Device getDevice() const override { return kDevice; }
  void setDevice(at::Device) const override {}
  void uncheckedSetDevice(at::Device) const noexcept override {}
  c10::Stream getStream(at::Device) const override { return kStream; }
  c10::Stream getNewStream(at::Device, int) const override { return kStream; }
  c10::Stream exchangeStream(c10::Stream) const override { return kStream; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
  void recordDataPtrOnStream(const c10::DataPtr&, const c10::Stream&) const override {}
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard);

class DeviceBlocks final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* block = Block(bytes);
    return {block, block, &std::free, kDevice};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &std::free; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

// Knows its blocks, so that a copy from them can be told from one of pageable memory.
class PinnedBlocks final : public at::HostAllocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* block = Block(bytes);
    const std::lock_guard lock(mutex_);
    if (block != nullptr) blocks_.insert(block);
    return {block, block, &Free, at::kCPU};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
  bool record_event(void*, void*, c10::Stream) override { return true; }
  void empty_cache() override {}
  at::HostStats get_stats() override { return {}; }
  void reset_accumulated_stats() override {}
  void reset_peak_stats() override {}

  bool Holds(const void* block) const {
    const std::lock_guard lock(mutex_);
    return blocks_.contains(block);
  }

 private:
  static void Free(void* block);
  mutable std::mutex mutex_;
  std::set<const void*> blocks_;
};

PinnedBlocks& Pinned() {
  static auto* blocks = new PinnedBlocks;  // outlives the tensors of other translation units
  return *blocks;
}

void PinnedBlocks::Free(void* block) {
  const std::lock_guard lock(Pinned().mutex_);
  Pinned().blocks_.erase(block);
  std::free(block);
}

struct CUDAHooks final : at::CUDAHooksInterface {  // LibTorch looks for this very name
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  at::Allocator* getPinnedMemoryAllocator() const override { return &Pinned(); }
  bool isPinnedPtr(const void* block) const override { return Pinned().Holds(block); }
};

}  // namespace

c10::Allocator& DeviceAllocator() {
  static auto* blocks = new DeviceBlocks;
  return *blocks;
}

}  // namespace deepmad::dispatch

namespace at {
using deepmad::dispatch::CUDAHooks;
REGISTER_CUDA_HOOKS(CUDAHooks);
}  // namespace at

namespace deepmad::dispatch {
namespace {

const bool allocators_registered = [] {
  c10::SetAllocator(at::kCUDA, &DeviceAllocator());
  at::setHostAllocator(at::kCUDA, &Pinned());
  return true;
}();

class ImmediateCopies : public models::CopyQueue {
 public:
  void Start(const std::function<void()>& copies) override {
    ++AllTransfers().copy_queues;
    copies();
  }
  void Join(const std::vector<at::Tensor>&) override {}
};

class Values : public models::Readback {
 public:
  explicit Values(const at::Tensor& tensor) : host_(tensor.cpu()) { --AllTransfers().to_host; }
  at::Tensor Wait() override {
    ++AllTransfers().readbacks;
    return host_;
  }

 private:
  at::Tensor host_;
};

class Repeated : public models::Recording {
 public:
  explicit Repeated(std::function<void()> work) : work_(std::move(work)) {}
  void Replay() override { work_(); }

 private:
  std::function<void()> work_;
};

class StandIn : public models::DeviceKind {
 public:
  int Count() const override { return 1; }
  std::string Describe(int) const override { return "CPU kernels under CUDA's key"; }
  models::Uuid UuidOf(int) const override { return {}; }
  void Synchronize(int) const override {}
  models::DeviceMemory Memory(int) const override { return {}; }
  void ResetPeakMemory(int) const override {}
  void ReleaseCachedMemory(int) const override {}
  std::unique_ptr<models::CopyQueue> NewCopyQueue(int) const override { return std::make_unique<ImmediateCopies>(); }
  std::unique_ptr<models::Readback> StartReadback(const at::Tensor& tensor) const override { return std::make_unique<Values>(tensor); }
  std::unique_ptr<models::Timer> NewTimer(int) const override { return nullptr; }
  std::optional<at::ScalarType> MixedFormat(int) const override { return at::kBFloat16; }
  std::unique_ptr<models::Recording> Record(int, std::function<void()> work) const override {
    return std::make_unique<Repeated>(std::move(work));
  }
};

DEEPMAD_REGISTER(models::DeviceRegistry, "cuda", "a stand-in for tests", [] { return std::make_unique<StandIn>(); });

}  // namespace
}  // namespace deepmad::dispatch
