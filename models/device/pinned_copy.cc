#include "models/device/pinned_copy.h"

namespace deepmad::models {

at::Tensor CopyToDevice(const at::Tensor& cpu, at::Device device) {
  if (device.is_cpu()) return cpu;
  // The allocator of pinned memory notes the copy and gives the block to nobody else before it is done.
  return cpu.pin_memory().to(device, cpu.scalar_type(), /*non_blocking=*/true);
}

}  // namespace deepmad::models
