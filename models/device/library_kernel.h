// Which of LibTorch's own kernels there are: some operations exist for one kind of device only.
#pragma once

#include <c10/core/Device.h>

namespace deepmad::models {

// Whether LibTorch, as linked, runs an operation ("aten::relu") on a device.
bool HasKernel(const char* operation, at::Device device);

}  // namespace deepmad::models
