#include "tests/fakecuda/runtime/memory.h"

#include <execinfo.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/capture.h"
#include "tests/fakecuda/runtime/devices.h"
#include "tests/fakecuda/runtime/queue.h"
#include "tests/fakecuda/runtime/torch_part.h"
#include "tests/fakecuda/runtime/transfers.h"

namespace fakecuda {
namespace {

constexpr size_t kPage = 4096;

std::map<const char*, Block>& Blocks() {
  static auto* const blocks = new std::map<const char*, Block>;
  return *blocks;
}

std::array<size_t, kMostDevices> used_bytes{}, peak_bytes{};

size_t WholePages(size_t size) { return std::max((size + kPage - 1) / kPage, size_t{1}) * kPage; }

// With the program's stack, since the address alone says nothing.
void OnFault(int /*signal*/, siginfo_t* info, void* /*context*/) {
  const Block* block = FindBlock(info->si_addr);
  const char* text =
      block != nullptr && !block->pinned ? "fakecuda: the host touches memory of a device\n" : "fakecuda: segmentation fault\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
  void* frames[40];
  backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
  ::_exit(128 + SIGSEGV);
}

const bool watching = [] {
  struct sigaction action {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGSEGV, &action, nullptr) == 0;
}();

cudaError_t MapTwice(Block& block) {
  const int file = memfd_create("fakecuda", MFD_CLOEXEC);
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(block.size)) != 0) return cudaErrorMemoryAllocation;
  void* address = ::mmap(nullptr, block.size, PROT_NONE, MAP_SHARED, file, 0);
  void* reach = ::mmap(nullptr, block.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (address == MAP_FAILED || reach == MAP_FAILED) return cudaErrorMemoryAllocation;
  block.address = static_cast<char*>(address);
  block.reach = static_cast<char*>(reach);
  return cudaSuccess;
}

}  // namespace

const Block* FindBlock(const void* address) {
  const Lock lock(Mutex());
  const auto* byte = static_cast<const char*>(address);
  auto next = Blocks().upper_bound(byte);
  if (next == Blocks().begin()) return nullptr;
  const Block& block = std::prev(next)->second;
  return byte < block.address + block.size ? &block : nullptr;
}

char* Reach(const void* address) {
  const Block* block = FindBlock(address);
  auto* byte = static_cast<char*>(const_cast<void*>(address));
  return block == nullptr ? byte : block->reach + (byte - block->address);
}

void Zero(void* address, size_t size) {
  char* begin = Reach(address);
  char* end = begin + size;
  auto* first = reinterpret_cast<char*>(WholePages(reinterpret_cast<uintptr_t>(begin)));
  auto* last = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(end) / kPage * kPage);
  if (first >= last || ::madvise(first, static_cast<size_t>(last - first), MADV_REMOVE) != 0) {
    std::memset(begin, 0, size);
    return;
  }
  std::memset(begin, 0, static_cast<size_t>(first - begin));
  std::memset(last, 0, static_cast<size_t>(end - last));
}

size_t PeakBytes(int device) { return peak_bytes[static_cast<size_t>(device)]; }

size_t DeviceBytes() {
  static const auto bytes = static_cast<size_t>(Setting("FAKE_CUDA_BYTES", 8e9));
  return bytes;
}

}  // namespace fakecuda

using namespace fakecuda;

FAKE_CUDA_API cudaError_t cudaMalloc(void** pointer, size_t size) {
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaMalloc");
  const Lock lock(Mutex());
  Count("cudaMalloc");
  TellTorchPartOfMemory();
  Block block{.size = WholePages(size), .device = CurrentDevice()};
  size_t& used = used_bytes[static_cast<size_t>(block.device)];
  if (used + block.size > DeviceBytes() || MapTwice(block) != cudaSuccess) return Refuse(cudaErrorMemoryAllocation, "cudaMalloc");
  Blocks()[block.address] = block;
  used += block.size;
  size_t& peak = peak_bytes[static_cast<size_t>(block.device)];
  peak = std::max(peak, used);
  *pointer = block.address;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaFree");
  Count("cudaFree");
  SleepUntil(QueueEnd());  // waits for all that is queued
  const Lock lock(Mutex());
  const auto found = Blocks().find(static_cast<char*>(pointer));
  if (found == Blocks().end()) return Refuse(cudaErrorInvalidValue, "cudaFree");
  const Block& block = found->second;
  ::munmap(block.address, block.size);
  ::munmap(block.reach, block.size);
  used_bytes[static_cast<size_t>(block.device)] -= block.size;
  Blocks().erase(found);
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaMallocAsync(void** pointer, size_t size, cudaStream_t) { return cudaMalloc(pointer, size); }
FAKE_CUDA_API cudaError_t cudaFreeAsync(void* pointer, cudaStream_t) { return cudaFree(pointer); }

FAKE_CUDA_API cudaError_t cudaHostAlloc(void** pointer, size_t size, unsigned) {
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaHostAlloc");
  const Lock lock(Mutex());
  Count("cudaHostAlloc");
  auto* memory = static_cast<char*>(std::aligned_alloc(kPage, WholePages(size)));
  if (memory == nullptr) return Refuse(cudaErrorMemoryAllocation, "cudaHostAlloc");
  Blocks()[memory] = {memory, memory, size, 0, /*pinned=*/true};
  *pointer = memory;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaFreeHost(void* pointer) {
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaFreeHost");
  Count("cudaFreeHost");
  SleepUntil(QueueEnd());  // waits for all that is queued
  const Lock lock(Mutex());
  LandAll();
  Blocks().erase(static_cast<char*>(pointer));
  std::free(pointer);
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaHostRegister(void* pointer, size_t size, unsigned) {
  if (Unsafe()) return Refuse(cudaErrorStreamCaptureUnsupported, "cudaHostRegister");
  const Lock lock(Mutex());
  Count("cudaHostRegister");
  auto* memory = static_cast<char*>(pointer);
  Blocks()[memory] = {memory, memory, size, 0, /*pinned=*/true};
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaHostUnregister(void* pointer) {
  const Lock lock(Mutex());
  LandAll();
  Blocks().erase(static_cast<char*>(pointer));
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const Lock lock(Mutex());
  Count("cudaMemGetInfo");
  *total = DeviceBytes();
  *free = DeviceBytes() - used_bytes[static_cast<size_t>(CurrentDevice())];
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  const Lock lock(Mutex());
  const Block* block = FindBlock(pointer);
  *attributes = {};
  attributes->type = block == nullptr ? cudaMemoryTypeUnregistered : block->pinned ? cudaMemoryTypeHost : cudaMemoryTypeDevice;
  if (block == nullptr) return cudaSuccess;
  attributes->device = block->device;
  attributes->devicePointer = const_cast<void*>(pointer);
  if (block->pinned) attributes->hostPointer = const_cast<void*>(pointer);
  return cudaSuccess;
}

// Of a variable on the device: nobody here looks what it holds.
FAKE_CUDA_API cudaError_t cudaGetSymbolAddress(void** pointer, const void*) { return cudaMalloc(pointer, 1 << 16); }
FAKE_CUDA_API cudaError_t cudaMemcpyToSymbol(const void*, const void*, size_t, size_t, cudaMemcpyKind) { return cudaSuccess; }
