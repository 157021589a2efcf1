#include "tests/fakecuda/runtime/devices.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/memory.h"
#include "tests/fakecuda/runtime/torch_part.h"

namespace fakecuda {
namespace {

thread_local int current_device = 0;

// The numbers that the machine gives the visible devices. As CUDA does, the list ends at the first number that no device has.
const std::vector<int>& Devices() {
  static const auto* const devices = [] {
    auto* numbers = new std::vector<int>;
    const int all = std::min(static_cast<int>(Setting("FAKE_CUDA_DEVICES", 1)), kMostDevices);
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    if (visible == nullptr) {
      for (int i = 0; i < all; ++i) numbers->push_back(i);
    } else {
      std::istringstream list(visible);
      for (std::string item; std::getline(list, item, ',');) {
        const int number = item.empty() ? -1 : std::atoi(item.c_str());
        if (number < 0 || number >= all) break;
        numbers->push_back(number);
      }
    }
    return numbers;
  }();
  return *devices;
}

bool Visible(int device) { return device >= 0 && device < VisibleDevices(); }

// What a kernel may use, as an H200's multiprocessor gives it.
constexpr int kMultiprocessors = 132, kWarp = 32, kThreadsOfBlock = 1024, kThreadsOfMultiprocessor = 2048, kBlocksOfMultiprocessor = 32;
constexpr int kShared = 48 << 10, kSharedOnRequest = 227 << 10, kSharedOfMultiprocessor = 228 << 10, kRegisters = 64 << 10;
constexpr int kMajor = 9, kMinor = 0;

int DriverCall() { return 0; }

}  // namespace

int VisibleDevices() { return static_cast<int>(Devices().size()); }
int CurrentDevice() { return current_device; }

}  // namespace fakecuda

using namespace fakecuda;

FAKE_CUDA_API cudaError_t cudaGetDeviceCount(int* count) {
  LoadTorchPart();
  *count = VisibleDevices();
  return *count > 0 ? cudaSuccess : Refuse(cudaErrorNoDevice, "cudaGetDeviceCount");
}
FAKE_CUDA_API cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaSetDevice(int device) {
  if (!Visible(device)) return Refuse(cudaErrorInvalidDevice, "cudaSetDevice");
  current_device = device;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (!Visible(device)) return Refuse(cudaErrorInvalidDevice, "cudaGetDeviceProperties");
  Count("cudaGetDeviceProperties");
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "stand-in for an H200");
  properties->major = kMajor;
  properties->minor = kMinor;
  properties->totalGlobalMem = DeviceBytes();
  properties->multiProcessorCount = kMultiprocessors;
  properties->warpSize = kWarp;
  properties->maxThreadsPerBlock = kThreadsOfBlock;
  properties->maxThreadsPerMultiProcessor = kThreadsOfMultiprocessor;
  properties->maxBlocksPerMultiProcessor = kBlocksOfMultiprocessor;
  for (int i = 0; i < 3; ++i) properties->maxThreadsDim[i] = i < 2 ? 1024 : 64;
  for (int i = 0; i < 3; ++i) properties->maxGridSize[i] = i == 0 ? 2147483647 : 65535;
  properties->sharedMemPerBlock = kShared;
  properties->sharedMemPerBlockOptin = kSharedOnRequest;
  properties->sharedMemPerMultiprocessor = kSharedOfMultiprocessor;
  properties->regsPerBlock = kRegisters;
  properties->regsPerMultiprocessor = kRegisters;
  properties->l2CacheSize = 60 << 20;
  properties->textureAlignment = 512;
  properties->totalConstMem = 64 << 10;
  properties->unifiedAddressing = 1;
  properties->concurrentKernels = 1;
  properties->asyncEngineCount = 3;
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (!Visible(device)) return Refuse(cudaErrorInvalidDevice, "cudaDeviceGetAttribute");
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor:
      *value = kMajor;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = kMinor;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = kMultiprocessors;
      break;
    case cudaDevAttrWarpSize:
      *value = kWarp;
      break;
    case cudaDevAttrMaxThreadsPerBlock:
      *value = kThreadsOfBlock;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = kThreadsOfMultiprocessor;
      break;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      *value = kBlocksOfMultiprocessor;
      break;
    case cudaDevAttrMaxBlockDimX:
    case cudaDevAttrMaxBlockDimY:
      *value = 1024;
      break;
    case cudaDevAttrMaxBlockDimZ:
      *value = 64;
      break;
    case cudaDevAttrMaxGridDimX:
      *value = 2147483647;
      break;
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ:
      *value = 65535;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = kShared;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = kSharedOnRequest;
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = kSharedOfMultiprocessor;
      break;
    case cudaDevAttrMaxRegistersPerBlock:
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      *value = kRegisters;
      break;
    default:
      *value = 0;
  }
  return cudaSuccess;
}

FAKE_CUDA_API cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int device) {
  if (!Visible(device)) return Refuse(cudaErrorInvalidDevice, "cudaDeviceGetPCIBusId");
  std::snprintf(text, static_cast<size_t>(size), "0000:%02x:00.0", Devices()[static_cast<size_t>(device)] + 1);
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaDeviceCanAccessPeer(int* value, int, int) {
  *value = 0;
  return cudaSuccess;
}
FAKE_CUDA_API cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) {
  return Refuse(cudaErrorPeerAccessUnsupported, "cudaDeviceEnablePeerAccess");
}

// The driver's functions that LibTorch asks for by name: those of the stub, and nothing for the rest.
FAKE_CUDA_API cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned, unsigned long long,
                                                           cudaDriverEntryPointQueryResult* result) {
  static void* const driver = dlopen("libcuda.so.1", RTLD_LAZY);
  *function = driver == nullptr ? nullptr : dlsym(driver, symbol);
  if (*function == nullptr) *function = reinterpret_cast<void*>(DriverCall);
  if (result != nullptr) *result = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}
