// The kernels of models/norm/ for NVIDIA GPUs, compiled apart from all that needs LibTorch.
#pragma once

#include <c10/core/ScalarType.h>
#include <cuda_runtime_api.h>

#include "models/norm/block_work.h"

namespace deepmad::models {

// Queues a step on the stream of the current device. See BlockRunner::Run.
cudaError_t LaunchNorm(NormStep step, at::ScalarType type, int vector, const NormWork& work, cudaStream_t stream);

}  // namespace deepmad::models
