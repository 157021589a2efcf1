// Whether an error of LibTorch means that a device is out of memory.
#pragma once

#include <exception>

namespace deepmad::train {

// LibTorch's allocator has an exception of its own for it; its libraries (cuDNN, cuBLAS) and the driver, which take memory besides, only
// say so in the text.
bool IsOutOfMemory(const std::exception& error);

}  // namespace deepmad::train
