// NCCL between GPUs.
#include <c10/cuda/CUDAFunctions.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "train/distributed/device_backend.h"

namespace deepmad::train {
namespace {

c10::intrusive_ptr<c10d::Backend> MakeNccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, at::Device device) {
  c10::cuda::set_device(device.index());
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size);
}

DEEPMAD_REGISTER(DeviceBackendRegistry, "cuda", "NCCL", MakeNccl);

}  // namespace
}  // namespace deepmad::train
