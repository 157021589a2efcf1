// NCCL between GPUs.
#include <c10/cuda/CUDAFunctions.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "train/distributed/device_backend.h"
#include "train/distributed/rank_group.h"

namespace deepmad::train {
namespace {

c10::intrusive_ptr<c10d::Backend> MakeNccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, at::Device device) {
  c10::cuda::set_device(device.index());
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = kLongestExchange;
  options->group_name = options->group_desc = "deepmad";
  auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
  backend->eagerConnectSingleDevice(
      device);  // here and not in the first exchange, so that a GPU that two ranks share is found at the start
  return backend;
}

DEEPMAD_REGISTER(DeviceBackendRegistry, "cuda", "NCCL", MakeNccl);

}  // namespace
}  // namespace deepmad::train
