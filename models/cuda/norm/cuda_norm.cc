#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "models/cuda/norm/norm_blocks.h"
#include "models/norm/block_runner.h"

namespace deepmad::models {
namespace {

class CudaBlocks : public BlockRunner {
 public:
  c10::DeviceType device_type() const override { return c10::DeviceType::CUDA; }
  void Run(NormStep step, at::ScalarType type, int vector, const NormWork& work, at::Device device) const override {
    const c10::cuda::CUDAGuard guard(device);
    C10_CUDA_CHECK(LaunchNorm(step, type, vector, work, c10::cuda::getCurrentCUDAStream(device.index()).stream()));
  }
};

DEEPMAD_REGISTER(BlockRunnerRegistry, "cuda", "kernels for NVIDIA GPUs", [] { return std::make_unique<CudaBlocks>(); });

}  // namespace
}  // namespace deepmad::models
