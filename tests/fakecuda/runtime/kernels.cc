// Kernels: counted by name, and as time on the queue. They compute nothing, but those of LibTorch that fill a tensor do it.
#include "tests/fakecuda/runtime/kernels.h"

#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/fills.h"
#include "tests/fakecuda/runtime/streams.h"

namespace fakecuda {
namespace {

struct LaunchGeometry {
  dim3 grid, block;
  size_t shared;
  cudaStream_t stream;
};
thread_local std::vector<LaunchGeometry> geometries;

std::unordered_map<const void*, const char*>& Names() {
  static auto* const names = new std::unordered_map<const void*, const char*>;
  return *names;
}

struct Kernel {
  long launches = 0;
  bool ends_lap = false;
};

// By the address of the name.
std::unordered_map<const char*, Kernel>& Kernels() {
  static auto* const kernels = new std::unordered_map<const char*, Kernel>;
  return *kernels;
}

Kernel& KernelOf(const char* name) {
  static const char* const lap = std::getenv("FAKE_CUDA_LAP");
  const auto [known, added] = Kernels().try_emplace(name);
  if (added && lap != nullptr) known->second.ends_lap = std::strstr(name, lap) != nullptr;
  return known->second;
}

cudaError_t Launch(const void* function, void** arguments, cudaStream_t stream) {
  const Lock lock(Mutex());
  const auto found = Names().find(function);
  const char* name = found == Names().end() ? "unknown" : found->second;
  return LaunchNamed(name, stream, FillOf(name, arguments));
}

}  // namespace

std::map<std::string, long> Launches() {
  const Lock lock(Mutex());
  std::map<std::string, long> launches;
  for (const auto& [name, kernel] : Kernels()) launches[name] += kernel.launches;
  return launches;
}

cudaError_t LaunchNamed(const char* name, cudaStream_t stream, std::function<void()> work) {
  const Lock lock(Mutex());
  Kernel& kernel = KernelOf(name);  // stays where it is
  return Enqueue(stream, name, 1, [&kernel, work = std::move(work)] {
    ++kernel.launches;
    if (work) work();
    if (kernel.ends_lap) EndLap();
  });
}

}  // namespace fakecuda

using namespace fakecuda;

// What the compiler's code calls when a library is loaded and at <<<>>>.
FAKE_CUDA_API void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
FAKE_CUDA_API void __cudaRegisterFatBinaryEnd(void**) {}
FAKE_CUDA_API void __cudaUnregisterFatBinary(void**) {}
FAKE_CUDA_API void __cudaRegisterVar(void**, char*, char*, const char*, int, size_t, int, int) {}
FAKE_CUDA_API char __cudaInitModule(void**) { return 0; }
FAKE_CUDA_API void __cudaRegisterFunction(void**, const char* function, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
  const Lock lock(Mutex());
  Names()[function] = name;
}
FAKE_CUDA_API unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, cudaStream_t stream) {
  geometries.push_back({grid, block, shared, stream});
  return 0;
}
FAKE_CUDA_API cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared, void* stream) {
  const LaunchGeometry geometry = geometries.back();
  geometries.pop_back();
  *grid = geometry.grid;
  *block = geometry.block;
  *shared = geometry.shared;
  std::memcpy(stream, &geometry.stream, sizeof geometry.stream);
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaLaunchKernel(const void* function, dim3, dim3, void** arguments, size_t, cudaStream_t stream) {
  return Launch(function, arguments, stream);
}
FAKE_CUDA_API cudaError_t cudaLaunchCooperativeKernel(const void* function, dim3, dim3, void** arguments, size_t, cudaStream_t stream) {
  return Launch(function, arguments, stream);
}
FAKE_CUDA_API cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* configuration, const void* function, void** arguments) {
  return Launch(function, arguments, configuration->stream);
}
FAKE_CUDA_API cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = reinterpret_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3, dim3, void** arguments, size_t, cudaStream_t stream) {
  return Launch(kernel, arguments, stream);
}

FAKE_CUDA_API cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
  *attributes = {};
  attributes->binaryVersion = attributes->ptxVersion = 90;
  attributes->maxThreadsPerBlock = 1024;
  attributes->numRegs = 32;
  attributes->maxDynamicSharedSizeBytes = 227 << 10;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }
FAKE_CUDA_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int, size_t) {
  *blocks = 2;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*, int, size_t, unsigned) {
  *blocks = 2;
  return cudaSuccess;
}
