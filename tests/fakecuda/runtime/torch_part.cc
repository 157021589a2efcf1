#include "tests/fakecuda/runtime/torch_part.h"

#include <dlfcn.h>

#include <string>
#include <utility>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/capture.h"
#include "tests/fakecuda/runtime/kernels.h"
#include "tests/fakecuda/runtime/memory.h"
#include "tests/fakecuda/runtime/streams.h"

namespace fakecuda {
namespace {

void* part = nullptr;

}  // namespace

void LoadTorchPart() {
  const Lock lock(Mutex());
  static bool tried = false;
  Dl_info own{};
  if (std::exchange(tried, true) || dladdr(reinterpret_cast<void*>(&LoadTorchPart), &own) == 0) return;
  const std::string file = own.dli_fname;
  part = dlopen((file.substr(0, file.rfind('/') + 1) + "libfakecuda_torch.so").c_str(), RTLD_NOW);
}

void TellTorchPartOfMemory() {
  static auto* const tell = part == nullptr ? nullptr : reinterpret_cast<void (*)()>(dlsym(part, "fakecuda_before_memory"));
  if (tell != nullptr) tell();
}

}  // namespace fakecuda

// For that part.
FAKE_CUDA_API void fakecuda_begin_as_zero(void* address, size_t size, cudaStream_t handle) {
  using namespace fakecuda;
  const Lock lock(Mutex());
  const Stream& stream = StreamOf(handle);
  const auto zero = [=] { Zero(address, size); };
  if (stream.capture == nullptr) zero();
  if (stream.capture != nullptr && !IsSpoilt(*stream.capture)) Keep(*stream.capture, "zero", 0, zero);
}
FAKE_CUDA_API int fakecuda_launch(const char* name, cudaStream_t stream) { return fakecuda::LaunchNamed(name, stream); }
