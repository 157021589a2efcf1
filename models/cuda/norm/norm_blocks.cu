#include "models/cuda/norm/norm_blocks.h"

#include "models/norm/block_channels.h"
#include "models/norm/block_types.h"

namespace deepmad::models {
namespace {

// The block that runs this thread.
struct DeviceBlock {
  template <typename Work>
  __device__ __forceinline__ void Each(const Work& work) const {
    work(threadIdx.x);
    __syncthreads();
  }
  template <typename A>
  __device__ __forceinline__ A* Shared(uint32_t) const {
    return reinterpret_cast<A*>(memory);
  }
  uint32_t x, y;
  unsigned char* memory;
};

template <NormStep kStep, typename T, int kVector>
__global__ void __launch_bounds__(kNormThreads) NormKernel(const NormWork work) {
  __shared__ alignas(16) unsigned char memory[kSharedBytes<T, kVector>];
  DeviceBlock block{blockIdx.x, blockIdx.y, memory};
  RunBlock<kStep, T, kVector>(block, work);
}

template <NormStep kStep, typename T, int kVector>
cudaError_t Launch(const NormWork& work, cudaStream_t stream) {
  const NormGrid grid = GridOf(kStep, work.shape);
  NormKernel<kStep, T, kVector><<<dim3(grid.across, grid.down), kNormThreads, 0, stream>>>(work);
  return cudaGetLastError();
}

template <NormStep kStep>
cudaError_t LaunchOnMap(at::ScalarType type, int vector, const NormWork& work, cudaStream_t stream) {
  return ByTypeAndVector(type, vector, [&]<typename T, int kVector>() { return Launch<kStep, T, kVector>(work, stream); });
}

// Of the type in which the norm is computed, so that there are two kernels and not seven.
template <NormStep kStep>
cudaError_t LaunchOnChannels(at::ScalarType type, const NormWork& work, cudaStream_t stream) {
  return type == at::kDouble ? Launch<kStep, double, 1>(work, stream) : Launch<kStep, float, 1>(work, stream);
}

}  // namespace

cudaError_t LaunchNorm(NormStep step, at::ScalarType type, int vector, const NormWork& work, cudaStream_t stream) {
  switch (step) {
    case NormStep::kMoments:
      return LaunchOnMap<NormStep::kMoments>(type, vector, work, stream);
    case NormStep::kMerge:
      return LaunchOnChannels<NormStep::kMerge>(type, work, stream);
    case NormStep::kRunning:
      return LaunchOnChannels<NormStep::kRunning>(type, work, stream);
    case NormStep::kForward:
      return LaunchOnMap<NormStep::kForward>(type, vector, work, stream);
    case NormStep::kSums:
      return LaunchOnMap<NormStep::kSums>(type, vector, work, stream);
    case NormStep::kGradients:
      return LaunchOnChannels<NormStep::kGradients>(type, work, stream);
    case NormStep::kBackward:
      return LaunchOnMap<NormStep::kBackward>(type, vector, work, stream);
  }
  return cudaErrorInvalidValue;
}

}  // namespace deepmad::models
