#include "models/device/library_kernel.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace deepmad::models {

bool HasKernel(const char* operation, at::Device device) {
  const auto handle = c10::Dispatcher::singleton().findSchema({operation, ""});
  return handle && handle->hasKernelForDispatchKey(device.is_cuda() ? c10::DispatchKey::CUDA : c10::DispatchKey::CPU);
}

}  // namespace deepmad::models
