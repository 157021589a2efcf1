// Synchronised batch normalisation: training statistics cover the batches of all processes.
#pragma once

#include "models/layers/process_group.h"
#include "models/norm/norm_act.h"

namespace deepmad::models {

// Computes NormAct() in training mode with mean and variance over the samples of all ranks. The gradient of x is that of the sum of all
// ranks' losses; the gradients of weight and bias are this rank's contributions. Ranks may have different numbers of samples, at least one.
// Works on any device, type and layout; on GPUs by LibTorch's kernels for it, but for float64. Exchanges 2 C + 1 numbers in the forward
// pass and 2 C in the backward pass. First derivatives only (docs/protocols/classification.md, section 5).
at::Tensor SyncNormAct(const at::Tensor& x, const NormArguments& norm, const NormTail& tail, const ProcessGroup& group);

}  // namespace deepmad::models
