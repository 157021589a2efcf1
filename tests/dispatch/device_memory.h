// Memory of the stand-in device: the processor's, under the name of a CUDA device.
#pragma once

#include <c10/core/Allocator.h>

namespace deepmad::dispatch {

c10::Allocator& DeviceAllocator();

}  // namespace deepmad::dispatch
